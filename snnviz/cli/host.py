"""The group of commands `host`: what the host of a server switches and clears, as on their page."""

from __future__ import annotations

from datetime import datetime

import click

from snnviz.cli.printing import AS_JSON, print_json
from snnviz.store import Store
from snnviz.store.host import Host

ON_OFF = click.Choice(["on", "off"])


@click.group()
def host() -> None:
    """Announce a line to all, hold or drain a server, clear its queue, list failures: as on its Host page."""


@host.command()
@click.argument("text", default="")
def announce(text: str) -> None:
    """Show TEXT at the top of every page; without TEXT take it away."""
    opened = Store(create=False)
    said = Host(opened).switch(notice=text).notice
    click.echo(f"Every page says: {said}" if said else "Pages say nothing.")
    opened.close()


@host.command("read-only")
@click.argument("state", type=ON_OFF)
def read_only(state: str) -> None:
    """Let nobody but admins change anything (on), or everybody again (off). Runs go on."""
    opened = Store(create=False)
    Host(opened).switch(read_only=state == "on")
    click.echo("Nobody but admins can change anything." if state == "on" else "Everybody can change what is theirs.")
    opened.close()


@host.command()
@click.argument("state", type=ON_OFF)
def drain(state: str) -> None:
    """Take no new runs (on), as before an upgrade, or take them again (off), and say how many are left to do."""
    opened = Store(create=False)
    Host(opened).switch(draining=state == "on")
    counts = opened.counts()
    left = counts["queued"] + counts["running"]
    click.echo(f"{'No new runs are taken' if state == 'on' else 'New runs are taken'}; {left:,} are left to do.")
    opened.close()


@host.command()
@click.option("--person", help="Only what this person (as `people --json` names them) has waiting or running.")
def clear(person: str | None) -> None:
    """Cancel all that waits. What runs goes on."""
    opened = Store(create=False)
    click.echo(f"{Host(opened).clear(person):,} runs were cancelled or let go of.")
    opened.close()


@host.command()
@AS_JSON
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="The last so many.")
def failures(as_json: bool, limit: int) -> None:
    """Print the runs that failed last, with whose they are and their traceback."""
    opened = Store(create=False)
    found = Host(opened).failures(limit)
    opened.close()
    if as_json:
        print_json({"failures": [one._asdict() for one in found]})
        return
    for one in found:
        when = datetime.fromtimestamp(one.finished).strftime("%Y-%m-%d %H:%M")
        click.echo(
            f"{when}  {one.run}  {', '.join(one.people) or 'nobody'}\n{one.error}\n{one.traceback}".rstrip() + "\n"
        )
    if not found:
        click.echo("No run has failed.")
