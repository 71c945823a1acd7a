"""The command `export`: takes a run out as a script, weights, rows and others."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, Bar, print_json
from snnviz.store import Store


@click.command()
@click.argument("run")
@click.option("--as", "form", required=True, metavar="FORM", help="script, nir, weights, ...: docs/exports.md.")
@click.option(
    "--to", type=click.Path(path_type=Path), required=True, help="A file, or a folder where there are several."
)
@click.option("--force", is_flag=True, help="Replace files that exist; nothing else is deleted.")
@AS_JSON
def export(run: str, form: str, to: Path, force: bool, as_json: bool) -> None:
    """Take a run out: as a script, NIR, weights, rows or its design. What computes is proven first on 64 test images.

    RUN is a run's name, or the beginning of one. Where a spike of the export is not the run's, nothing is written.
    """
    from snnviz.exports import EXPORTS, Source, writing

    wanted, store = EXPORTS[form], Store()
    source = Source(store, store.get(run))
    with reliable_interrupts() as check, Bar(quiet=as_json or not sys.stderr.isatty(), label="exporting") as bar:

        def tell(share: float) -> None:
            bar.share(share)
            check()

        report = writing.export(wanted, source, to, force=force, tell=tell)
    proof = report.proof.document() if report.proof else {"equal": None, "layers": [], "accuracy": None}
    if as_json:
        print_json({"run": source.run.run, "as": wanted.name, "to": str(to), **proof, "said": list(report.said)})
        return
    for line in (*(report.proof.sentences() if report.proof else ()), *report.said):
        click.echo(line)
    click.echo(f"{wanted.label} of run {source.run.run}: {to}")
