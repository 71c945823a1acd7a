"""The command `measure`: measures the layers of a finished run again."""

from __future__ import annotations

import click

from snnviz.cli.following import run_now
from snnviz.cli.printing import AS_JSON
from snnviz.cli.running import show_run
from snnviz.design.measurement import Measurement
from snnviz.errors import InputError, Unquoted
from snnviz.events import LayerState
from snnviz.store import Run, Store
from snnviz.store.layer_states import uses_old_probe
from snnviz.tasks import KINDS, resolve


@click.command()
@click.argument("run_name", metavar="RUN")
@AS_JSON
def measure(run_name: str, as_json: bool) -> None:
    """Measure the activity of a finished run's layers again, from its weights, on images of every class.

    Runs of early releases measured it on the first 64 training images, which may be of one class. Nothing is trained.
    RUN may also be a survey of gradients, whose networks are then drawn again.
    """
    store = Store()
    found = store.get(run_name)
    kind = KINDS.kind_of(found.task)
    if kind.measure is None:
        others = [one.value.noun for one in KINDS if one.measure is not None]
        raise InputError("run", f"be the run of {' or of '.join(others)}", Unquoted(f"that of {kind.value.noun}"))
    resolve(kind.measure)(store, found, as_json)


def measure_run(store: Store, run: Run, as_json: bool) -> None:
    """Measures the layers of a finished run again if it used the old probe batch, and prints it. Raises
    `InputError`.
    """
    if run.state != "done":
        raise InputError("run", "be done", Unquoted(f"{run.run}, which is {run.state}"))
    if not run.current:
        raise InputError("run", "be the one that its design names now", Unquoted(f"{run.run}: {run.note}"))
    if uses_old_probe([row for _, row in store.rows(run.run, LayerState)]):
        run_now(store, Measurement(design=run.design))
    elif not as_json:
        click.echo(f"{run.run} has looked at images of every class: nothing is to be measured anew.", err=True)
    show_run(store, run, as_json, cached=True)


def show(store: Store, run: Run, as_json: bool) -> None:
    """Prints a measurement by printing the run that was measured."""
    show_run(store, store.get(run.design.digest), as_json)
