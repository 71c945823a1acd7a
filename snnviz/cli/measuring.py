"""The command that looks anew at layers of which figures of before are kept."""

from __future__ import annotations

import sys

import click

from snnviz.catalog import datasets
from snnviz.catalog.measuring import Measurement
from snnviz.catalog.shortcutstudies import GradientSurvey
from snnviz.cli import gradients
from snnviz.cli.printing import AS_JSON
from snnviz.cli.running import show_run
from snnviz.design import Design
from snnviz.errors import Described, InputError
from snnviz.events import LayerState
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.store.looks import is_old


@click.command()
@click.argument("run_name", metavar="RUN")
@AS_JSON
def measure(run_name: str, as_json: bool) -> None:
    """Look anew at the layers of a finished run, from its weights, on images of every class.

    Runs of before looked at the first 64 training images, which may be of one class. Nothing is trained. RUN may also
    be a survey of gradients, whose networks are drawn once more.
    """
    store = Store()
    found = store.get(run_name)
    if isinstance(found.task, GradientSurvey):
        datasets.ensure(found.design.data.name, lambda words: click.echo(words, err=True))  # before anything is lost
        store.delete(found.run)
        _do(store, found.task)
        gradients.show(store, store.get(found.run), as_json)
        return
    if not isinstance(found.task, Design):
        raise InputError("run", "be a run or a survey of gradients", Described(f"a {type(found.task).__name__}"))
    if found.state != "done":
        raise InputError("run", "be done", Described(f"{found.run}, which is {found.state}"))
    if is_old([row for _, row in store.rows(found.run, LayerState)]):
        _do(store, Measurement(design=found.task))
    elif not as_json:
        click.echo(f"{found.run} has looked at images of every class: nothing is to be measured anew.", err=True)
    show_run(store, found, as_json, cached=True)


def _do(store: Store, task: Measurement | GradientSurvey) -> None:
    ended = store.get(Immediate(store).submit(task).run)
    if ended.state != "done":
        click.echo(ended.error or f"It was {ended.state}.", err=True)
        sys.exit(1)
