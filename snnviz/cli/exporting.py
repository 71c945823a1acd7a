"""The command `export`: takes a run out as a script, weights, rows and others."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, Bar, print_json
from snnviz.cli.running import filtered_runs
from snnviz.errors import InputError, Unquoted
from snnviz.store import Run, Store
from snnviz.store.filters import parse_filter


@click.command()
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option(
    "--filter", "text", default="", help="Runs of which this is true, such as 'tag = homework': rows, bundle."
)
@click.option("--all", "every", is_flag=True, help="Every finished run of the store: rows, bundle.")
@click.option("--as", "form", required=True, metavar="FORM", help="script, nir, weights, ...: docs/exports.md.")
@click.option(
    "--to", type=click.Path(path_type=Path), required=True, help="A file, or a folder where there are several."
)
@click.option("--force", is_flag=True, help="Replace files that exist; nothing else is deleted.")
@AS_JSON
def export(
    runs: Sequence[str], text: str, every: bool, form: str, to: Path, force: bool, as_json: bool
) -> None:  # fmt: skip
    """Take a run out: as a script, NIR, weights, rows or its design. What computes is proven first on 64 test images.

    RUN is a run's name, or the beginning of one; rows and bundles take several. Where a spike of the export is not the
    run's, nothing is written.
    """
    from snnviz.exports import EXPORTS, ExportedRun, writing

    wanted, store = EXPORTS[form], Store()
    first, *more = _runs(store, runs, text, every=every)
    source = ExportedRun(store, first, tuple(more))
    with reliable_interrupts() as check, Bar(quiet=as_json or not sys.stderr.isatty(), label="exporting") as bar:

        def report_progress(share: float) -> None:
            bar.share(share)
            check()

        report = writing.export(wanted, source, to, force=force, progress=report_progress)
    proof = report.proof.document() if report.proof else {"equal": None, "layers": [], "accuracy": None}
    if as_json:
        print_json({"run": source.run.run, "as": wanted.name, "to": str(to), **proof, "notes": list(report.notes)})
        return
    for line in (*(report.proof.sentences() if report.proof else ()), *report.notes):
        click.echo(line)
    of = f"run {source.run.run}" if not more else f"{1 + len(more):,} runs"
    click.echo(f"{wanted.label} of {of}: {to}")


def _runs(store: Store, names: Sequence[str], text: str, *, every: bool) -> list[Run]:
    """The runs that were named, or that are true of a filter, or all. Raises `InputError` if there is none."""
    if bool(names) + bool(text) + every != 1:
        raise InputError("run", "be named, or chosen by --filter or --all", Unquoted(f"{len(names)} names"))
    if names:
        return [store.get(name) for name in names]
    found = filtered_runs(store, parse_filter(text)) if text else store.runs(100_000)
    done = [run for run in found if run.state == "done"]
    if not done:
        raise InputError("--filter" if text else "--all", "take a finished run", text)
    return done
