"""The command `people`: who uses the server, for its host."""

from __future__ import annotations

import click

from snnviz.cli.printing import AS_JSON, print_json, table
from snnviz.store import Store
from snnviz.store.host import Host


@click.command()
@AS_JSON
def people(as_json: bool) -> None:
    """Print who uses the server: their runs, and the processor time that they used of late and in about a day.

    A visitor is a hash of their cookie; somebody who signed in is who they signed in as. Runs of nobody are left out.
    """
    opened = Store(create=False)
    found = Host(opened).people()
    opened.close()
    if as_json:
        print_json({"people": [one._asdict() | {"share": one.share._asdict()} for one in found]})
    elif not found:
        click.echo("Nobody has queued a run in the dashboard yet.")
    else:
        click.echo(
            table(
                [
                    {
                        "person": one.person if "@" in one.person else one.person[:12],
                        "queued": f"{one.queued:,}",
                        "running": f"{one.running:,}",
                        "runs": f"{one.runs:,}",
                        "of late, s": f"{one.share.recent:,.0f}",
                        "a day, s": f"{one.share.day:,.0f}",
                    }
                    for one in found
                ]
            )
        )
