"""The command `bundle`, which imports the runs of a bundle, and trains them again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, Bar, print_json
from snnviz.store import Store


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Train each run again, here, and compare every row and weight.")
@AS_JSON
def bundle(file: Path, verify: bool, as_json: bool) -> None:
    """Bring the runs of a bundle (export --as bundle) into the store; with --verify, repeat them bit for bit.

    A run whose design is in the store already stays as it is. The exit code is 1 where a repeated run differs.
    """
    from snnviz.imports.bundles import Bundle, import_run

    opened, store = Bundle(file), Store()
    rows: list[dict[str, Any]] = []
    with reliable_interrupts() as check, Bar(quiet=as_json or not sys.stderr.isatty(), label="repeating") as bar:
        for number, found in enumerate(opened.runs()):
            imported = import_run(store, found)
            row = {"bundled": found.name, "run": imported.run, "existed": imported.existed, "message": imported.message}
            if verify:
                row |= _verify(found, number, len(opened.names), bar, check)
            rows.append(row)
            if not as_json:
                click.echo(f"{imported.run} {imported.message}" + (f"; it {row['replication']}" if verify else ""))
    opened.close()
    equal = sum(row.get("equal", False) for row in rows)
    if as_json:
        print_json({"runs": rows} | ({"equal": equal, "total": len(rows)} if verify else {}))
    elif verify:
        click.echo(f"{equal} of {len(rows)} equal, bit for bit.")
    if verify and equal < len(rows):
        sys.exit(1)


def _verify(found: Any, number: int, of: int, bar: Bar, check: Any) -> dict[str, Any]:
    from snnviz.imports.bundles import Replication, retrain_and_compare

    for step in retrain_and_compare(found):
        check()
        if isinstance(step, Replication):
            return {"equal": step.equal, "replication": step.message}
        bar.share((number + step) / of)
    raise AssertionError("what is repeated says at the end whether it is equal")
