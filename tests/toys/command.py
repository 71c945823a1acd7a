"""What `show RUN` prints."""

from __future__ import annotations

from dataclasses import asdict

import click

from snnviz.cli.printing import print_json
from snnviz.store import Run, Store
from snnviz.tasks import KINDS


def show(store: Store, run: Run, as_json: bool) -> None:
    """Its rows."""
    rows = [asdict(row) for kind in KINDS.kind_of(run.task).rows for _, row in store.rows(run.run, kind)]
    if as_json:
        print_json({"run": run.run, "state": run.state, "rows": rows})
    else:
        click.echo(f"{len(rows)} rows: {run.state}")
