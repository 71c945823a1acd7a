"""Commands about runs: train one, list them, show, cancel and delete one."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from snnviz.cli.designing import read_design
from snnviz.cli.following import EventBar
from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, NEAREST, SETTING, print_json
from snnviz.design import links
from snnviz.design.measurement import measurement_digest
from snnviz.errors import InputError, Unquoted
from snnviz.events import Branch, EpochEnd, LayerState, Sample, Timing
from snnviz.jobs import durations
from snnviz.jobs.immediate import Immediate
from snnviz.jobs.local import Local
from snnviz.store import Run, Store
from snnviz.store.columns import metric_columns, values_of
from snnviz.store.filters import RunFilter, parse_filter
from snnviz.store.index import indexed_runs
from snnviz.store.layer_states import merge_remeasured, remeasured_states
from snnviz.store.learnt_parameters import with_learnt_parameters
from snnviz.store.metrics import Values, metrics
from snnviz.tasks import KINDS, resolve
from snnviz.theory import costs
from snnviz.theory.operations import ESTIMATED, OperationCounts, Operations, operations_per_image
from snnviz.theory.probe import describe_probe


@click.command()
@click.argument("name")
@SETTING
@NEAREST
@AS_JSON
def run(name: str, settings: Sequence[str], nearest: bool, as_json: bool) -> None:
    """Train a design in the foreground, or show its result if it was trained before."""
    chosen = read_design(name, settings, nearest)
    store = Store()
    progress = EventBar(quiet=as_json or not sys.stderr.isatty())
    try:
        with reliable_interrupts() as progress.check, progress:
            submitted = Immediate(store, progress).submit(chosen)
    except KeyboardInterrupt:
        left = store.get(chosen.digest)
        going = left.state in ("queued", "running")
        rest = "the run goes on elsewhere" if going else "the same command goes on from the last epoch"
        click.echo(f"\nStopped: {rest}.", err=True)
        show_run(store, left, as_json, cached=False)
        sys.exit(130)
    ended = store.get(submitted.run)
    show_run(store, ended, as_json, cached=submitted.cached)
    if ended.state != "done":
        if ended.error:
            click.echo(ended.error, err=True)
        sys.exit(1)


@click.command()
@click.argument("run_name", metavar="RUN")
@AS_JSON
def again(run_name: str, as_json: bool) -> None:
    """Train a finished run again to restore its weights, if they were removed; its results stay as they are.

    One that came with snnviz is trained here, and is then shown in its place.
    """
    store = Store()
    found = store.get(run_name)
    kept = found.checkpoint is not None or not KINDS.kind_of(found.task).trained
    if found.state != "done" or (kept and found.machine is None):
        state = "has its weights" if found.checkpoint is not None else f"is {found.state}"
        raise InputError("run", "be a finished training whose weights are not kept", Unquoted(f"one that {state}"))
    progress = EventBar(quiet=as_json or not sys.stderr.isatty())
    with reliable_interrupts() as progress.check, progress:
        Immediate(store, progress).retrain(found.run)
    show_run(store, store.get(found.run), as_json, cached=False)


@click.command()
@click.option("--all", "every", is_flag=True, help="Other tasks, too, such as searches, scores and surveys.")
@click.option(
    "--filter", "text", default="", help="Those alone of which this is true, such as 'accuracy > 0.9 and star'."
)
@AS_JSON
def runs(every: bool, text: str, as_json: bool) -> None:
    """List the runs of designs, the newest first."""
    store = Store()
    listed = filtered_runs(store, parse_filter(text)) if text else store.runs()
    values = metrics(store, listed)
    found = [_summary(shown, values[shown.run]) for shown in listed]
    names = {shown.run for shown in listed}
    others = [_other(task) for task in store.runs(of=None) if task.run not in names] if every else []
    if as_json:
        print_json({"runs": found} | ({"tasks": others} if every else {}))
        return
    for task in others:
        click.echo(f"{task['run']}  {task['state']:9} {'':>6}  {task['kind']} {task['title']}".rstrip())
    for shown in found:
        accuracy = "-" if shown["accuracy"] is None else f"{shown['accuracy']:.1%}"
        marks = "".join(f" [{tag}]" for tag in shown["tags"]) + " *" * shown["starred"]
        what = f"{shown['title'] or shown['design_line']}{marks}"
        click.echo(f"{shown['run']}  {shown['state']:9} {accuracy:>6}  {what}")
    for strange in store.unreadable():
        click.echo(f"{strange.run}  {strange.state:9} cannot be read by this snnviz: {strange.reason}", err=True)


@click.command()
@click.argument("run_name", metavar="RUN")
@AS_JSON
def show(run_name: str, as_json: bool) -> None:
    """Show a run or another task, such as a search or a survey of gradients: RUN is its name or the start of it."""
    store = Store()
    found = store.get(run_name)
    resolve(KINDS.kind_of(found.task).show)(store, found, as_json)


@click.command()
@click.argument("run_name", metavar="RUN")
def cancel(run_name: str) -> None:
    """Stop a run or a search; its results so far are kept."""
    store = Store()
    found = store.get(run_name)
    Local(store).cancel(found.run)
    click.echo(
        f"{found.run} was {found.state}: {'stopping' if found.state == 'running' else store.get(found.run).state}"
    )


@click.command()
@click.argument("run_name", metavar="RUN")
def delete(run_name: str) -> None:
    """Delete a run with its results and weights, or a search."""
    store = Store()
    found = store.get(run_name)
    store.delete(found.run)
    click.echo(f"{found.run} is deleted")


def filtered_runs(store: Store, where: RunFilter) -> list[Run]:
    """Returns the runs of designs that match a filter, the newest first, at most as many as are listed without a
    filter.
    """
    now = indexed_runs(store)
    columns = metric_columns(store, now, where.metrics)
    taken = [run.run for run in now.runs if where.matches(run, values_of(columns, run.run))][:1000]
    return [*store.get_many(taken).values()]


def _other(task: Run) -> dict[str, Any]:
    seconds = round(task.seconds, 3)
    kind = KINDS.kind_of(task.task).name
    return {"run": task.run, "kind": kind, "state": task.state, "title": task.title, "seconds": seconds}


def _summary(shown: Run, values: Values) -> dict[str, Any]:
    return {
        "run": shown.run,
        "state": shown.state,
        "title": shown.title,
        "tags": list(shown.tags),
        "notes": shown.notes,
        "starred": shown.starred,
        "machine": shown.machine,
        "design_line": links.one_line_summary(shown.design),
        "seconds": round(shown.seconds, 3),
        "accuracy": values["accuracy"],
        "loss": values["loss"],
        "rate": values["rate"],
        "parameters": costs.parameter_count(shown.design),
        "macs": costs.macs_per_step(shown.design),
        "metrics": values,
    }


def _report(store: Store, shown: Run, cached: bool) -> dict[str, Any]:
    store.mark_viewed(shown.run)
    states, anew = [row for _, row in store.rows(shown.run, LayerState)], remeasured_states(store, shown.design)
    final, past = with_learnt_parameters(store, shown.run, shown.design, states)
    states, final = merge_remeasured(states, anew), merge_remeasured(final, anew)
    shown_of: tuple[str, ...] = (
        "name",
        "rate",
        "density",
        "var_u",
        "grad_norm",
        "saturation",
        "shortcut",
        "beta",
        "threshold",
    )
    shown_of += ("synops", "macs", "additions", "probe")
    layers = [{name: getattr(row, name) for name in shown_of} for row in final]
    samples = [row for _, row in store.rows(shown.run, Sample)]
    parts = [row for _, row in store.rows(shown.run, Branch)]
    told = ("step", "epoch", "layer", "name", "loss", "weight")
    losses = {
        "main": [{name: getattr(row, name) for name in ("step", "epoch", "loss")} for row in samples],
        "branches": [{name: getattr(row, name) for name in told} for row in parts],
    }
    timed = measurement_digest(shown.design) if anew else shown.run
    timings = [row for _, row in store.rows(timed, Timing) if row.final]
    operations = operations_per_image(shown.design, states) if states else None
    names = ["epoch", "train_accuracy", "test_accuracy", "train_loss", "test_loss"]
    if shown.design.data.validation:
        names += ["validation_accuracy", "validation_loss"]
    epochs = [{name: getattr(row, name) for name in names} for _, row in store.rows(shown.run, EpochEnd)]
    values = metrics(store, [shown])[shown.run]
    report = {**_summary(shown, values), "cached": cached, "layers": layers, "epochs": epochs, "losses": losses}
    report["operations"] = _operations(operations) if operations else None
    if timings:
        when = ("name", "start", "end", "first", "mean", "saturated")
        report["windows"] = [{name: getattr(row, name) for name in when} for row in timings]
        report["latency"], report["spikes_per_neuron"] = timings[-1].end, report["rate"]
    return report | {
        "error": shown.error,
        "note": shown.note,
        "weights": shown.checkpoint is not None,
        "learnt": past or None,
        "probe": describe_probe(shown.design, final[-1].probe) if final else None,
        "design": shown.design.document(),
    }


def _operations(counts: OperationCounts) -> dict[str, Any]:
    """By additions, and beside them NeuroBench's."""

    def told(found: Operations) -> dict[str, Any]:
        return {"macs": found.macs, "additions": found.additions, "picojoules": found.picojoules()}

    usual = counts.by("additions")
    more = {"dense_picojoules": usual.dense_picojoules(), "neurobench": told(counts.by("neurobench"))}
    return asdict(usual) | told(usual) | more


def show_run(store: Store, shown: Run, as_json: bool, cached: bool | None = None) -> None:
    """Prints the results of a run so far. `cached`: whether it was in the store before; None: whether it is done."""
    cached = shown.state == "done" if cached is None else cached
    report = _report(store, shown, cached)
    if as_json:
        print_json(report)
        return
    click.echo(f"run        {shown.run}{' (cached)' if cached else ''}")
    click.echo(f"design     {report['design_line']}")
    click.echo(f"state      {shown.state}, {shown.seconds:.1f} s of training")
    if shown.machine is not None:
        day = time.strftime("%Y-%m-%d", time.gmtime(shown.finished))
        click.echo(f"came       with snnviz, trained on {day} on {shown.machine}: python -m snnviz again {shown.run}")
    if report["accuracy"] is not None:
        rate = "" if report["rate"] is None else f", rate {report['rate']:.2%}"
        click.echo(f"test       accuracy {report['accuracy']:.2%}, loss {report['loss']:.4f}{rate}")
    if (held := report["metrics"].get("validation_accuracy")) is not None:
        click.echo(f"held out   accuracy {held:.2%}, loss {report['metrics']['validation_loss']:.4f}: to choose by")
    if "latency" in report:
        spikes = f"{report['spikes_per_neuron']:.3f} spikes per neuron (1.000 with t_max events counted)"
        words = f"{spikes}, read after {report['latency']:.4g} tau_c"
        click.echo(f"one spike  {words}")
    if shown.note:
        click.echo(f"note       {shown.note}")
    if shown.tags or shown.starred:
        click.echo(f"marks      {'starred, ' * shown.starred}{' '.join(shown.tags)}".removesuffix(", "))
    if shown.notes:
        click.echo(f"written    {' '.join(shown.notes.split())}")
    if shown.state == "done" and not report["weights"]:
        long = durations.format_duration(durations.fit_durations(store).seconds(shown.task))
        click.echo(f"weights    not kept; training again takes about {long}: python -m snnviz again {shown.run}")
    click.echo(f"costs      {report['parameters']:,} parameters, {report['macs']:,} MACs per step")
    if found := report["operations"]:
        reached = report["metrics"]
        click.echo(
            f"an image   {found['dense']:,} operations, where inputs are not 0 {found['macs']:,.0f} MACs and "
            f"{found['additions']:,.0f} additions: {reached['energy']:,.1f} nJ"
            f"{f' ({ESTIMATED})' if found['estimated'] else ''}"
        )
        other = found["neurobench"]
        click.echo(
            f"           NeuroBench: {other['macs']:,.0f} MACs and {other['additions']:,.0f} additions: "
            f"{reached['energy_neurobench']:,.1f} nJ; dense MACs: {reached['dense_energy']:,.1f} nJ"
        )
    if report["layers"]:
        old = shown.state == "done" and shown.current and report["layers"][-1]["probe"] is None
        again = f": python -m snnviz measure {shown.run} looks anew" if old else ""
        click.echo(f"layers     on {report['probe']}{again}")
    for layer in report["layers"]:
        rate = "" if layer["rate"] is None else f"rate {layer['rate']:.2%}, "
        click.echo(f"  {layer['name']:9} {rate}Var[u] {layer['var_u']:.3g}{_gradient(layer)}{_learnt(layer)}")
    if report["learnt"]:
        click.echo(f"learnt     {report['learnt']}")
    last = {row["layer"]: row for row in report["losses"]["branches"]}
    for row in last.values():
        click.echo(f"  branch after {row['name']}: loss {row['loss']:.4f}, weight {row['weight']:.3g}")


def _learnt(layer: dict[str, Any]) -> str:
    """The leak and the threshold that act, where the layer learns them."""
    return "".join(f", {name} {layer[name]:.4g}" for name in ("beta", "threshold") if layer[name] is not None)


def _gradient(layer: dict[str, Any]) -> str:
    share, norm = layer["shortcut"], layer["grad_norm"]
    through = "" if share is None else f", {share:.0%} of it through branches"
    return "" if norm is None else f", gradient {norm:.3g}{through}"
