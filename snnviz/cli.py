"""The command line: the same designs, the same store, the same runs as the pages.

Bad input ends with exit code 2 and one line on stderr; a run that failed or was cancelled with exit code 1.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from snnviz import __version__, links
from snnviz.catalog.examples import EXAMPLES, named
from snnviz.design import MAX_TEXT, Design
from snnviz.errors import InputError, SnnvizError
from snnviz.events import EpochEnd, Event, LayerState, Progress
from snnviz.jobs.immediate import Immediate
from snnviz.jobs.local import Local
from snnviz.store import Run, Store
from snnviz.theory import costs

SETTING = click.option(
    "--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change a field, such as training.epochs=3."
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False)
@click.version_option(__version__, prog_name="snnviz")
def commands() -> None:
    """Design, train and understand spiking neural networks."""


@commands.command()
@AS_JSON
def designs(as_json: bool) -> None:
    """List the named designs; `digits` is the default one."""
    about = {name: " ".join((make.__doc__ or "").split()) for name, make in EXAMPLES.items()}
    if as_json:
        _print(about)
        return
    for name, words in about.items():
        click.echo(f"{name:20} {words}")


@commands.command()
@click.argument("name")
@SETTING
def design(name: str, settings: Sequence[str]) -> None:
    """Print a design as JSON. NAME is a named design, a file, or - for standard input."""
    click.echo(json.dumps(_read(name, settings).document(), indent=2))


@commands.command()
@click.argument("name")
@SETTING
def link(name: str, settings: Sequence[str]) -> None:
    """Print the query string that opens a design in the browser: what differs from the defaults."""
    click.echo("?" + links.to_query(_read(name, settings)))


@commands.command()
@click.argument("name")
@SETTING
@AS_JSON
def run(name: str, settings: Sequence[str], as_json: bool) -> None:
    """Train a design in the foreground, or show its result if it was trained before."""
    chosen = _read(name, settings)
    store = Store()
    progress = _Bar(quiet=as_json or not sys.stderr.isatty())
    try:
        with progress:
            submitted = Immediate(store, progress).submit(chosen)
    except KeyboardInterrupt:
        going = store.get(chosen.digest).state in ("queued", "running")
        rest = "the run goes on elsewhere" if going else "the same command goes on from the last epoch"
        click.echo(f"\nStopped: {rest}.", err=True)
        sys.exit(130)
    ended = store.get(submitted.run)
    _show(store, ended, as_json, cached=submitted.cached)
    if ended.state != "done":
        if ended.error:
            click.echo(ended.error, err=True)
        sys.exit(1)


@commands.command()
@AS_JSON
def runs(as_json: bool) -> None:
    """List all runs, the newest first."""
    store = Store()
    last = store.last(EpochEnd)
    found = [_summary(shown, last.get(shown.run)) for shown in store.runs()]
    if as_json:
        _print({"runs": found})
        return
    for shown in found:
        accuracy = "-" if shown["accuracy"] is None else f"{shown['accuracy']:.1%}"
        click.echo(f"{shown['run']}  {shown['state']:9} {accuracy:>6}  {shown['title'] or shown['design_line']}")


@commands.command()
@click.argument("run_name", metavar="RUN")
@AS_JSON
def show(run_name: str, as_json: bool) -> None:
    """Show a run: RUN is its name or the start of it."""
    store = Store()
    found = store.get(run_name)
    _show(store, found, as_json, cached=found.state == "done")


@commands.command()
@click.argument("run_name", metavar="RUN")
def cancel(run_name: str) -> None:
    """Stop a run; it keeps what it has."""
    store = Store()
    found = store.get(run_name)
    Local(store).cancel(found.run)
    click.echo(
        f"{found.run} was {found.state}: {'stopping' if found.state == 'running' else store.get(found.run).state}"
    )


@commands.command()
@click.argument("run_name", metavar="RUN")
def delete(run_name: str) -> None:
    """Forget a run, its curves and its weights."""
    store = Store()
    found = store.get(run_name)
    store.delete(found.run)
    click.echo(f"{found.run} is deleted")


@commands.command()
@click.option("--init", "init", default="variance-preserving", help="Such as kaiming or kaiming:gain=3.")
@click.option("--theta", default="1", help="Threshold.")
@click.option("--beta", default="0.5", help="Leak: share of the potential kept from step to step.")
@click.option("--reset", default="subtract", help="subtract, zero or none.")
@click.option("--width", default="1000", help="Neurons of each layer.")
@click.option("--layers", default="100", help="Layers, the encoder (layer 0) included.")
@click.option("--steps", default="1", help="Time steps.")
@click.option("--seeds", default="10", help="Networks drawn.")
@click.option("--seed", default="0", help="Seed of the first of them.")
@click.option("--input", default="constant", help="constant, or fresh: a new current at each step.")
@AS_JSON
def activity(as_json: bool, init: str, theta: str, **options: str) -> None:
    """What reaches deep layers before training: Var[u] and spikes of a stack of random layers."""
    from snnviz.theory.activity import Setting, expected, init_text
    from snnviz.theory.propagation import propagate

    setting = Setting.check({"inits": [init], "threshold": theta, **options})
    if (most := setting.affordable().seeds) < setting.seeds:
        raise InputError("seeds", f"be at most {most} for so many neurons, layers and steps", setting.seeds)
    with _Bar(quiet=as_json or not sys.stderr.isatty()) as bar:
        [trace] = propagate(setting, progress=bar.share)
    theory = expected(setting, setting.inits[0])
    layers = [
        {
            "layer": layer,
            "var_u": float(trace.var_u[:, layer].mean()),
            "var_u_sd": float(trace.var_u[:, layer].mean(1).std()),
            "spikes": float(trace.spikes[:, layer].mean()),
            "dead": float(trace.dead[layer]),
            "theory_var_u": float(theory.var_u[layer]) if theory else None,
            "theory_dead": float(theory.dead[layer]) if theory else None,
        }
        for layer in range(setting.layers)
    ]
    if as_json:
        _print({"setting": setting.model_dump(mode="json"), "init": init_text(trace.init), "layers": layers})
        return
    click.echo(f"layer     Var[u]       sd   spikes    dead{'   exact: Var[u]    dead' if theory else ''}")
    for row in layers:
        line = f"{row['layer']:5} {row['var_u']:10.4g} {row['var_u_sd']:8.3g} {row['spikes']:8.1f} {row['dead']:7.0%}"
        exact = f"   {row['theory_var_u']:13.4g} {row['theory_dead']:7.2%}" if theory else ""
        click.echo(line + exact)


@commands.command()
def reference() -> None:
    """Print all that can be chosen by name, with formulas, sources and ranges, as Markdown."""
    from snnviz.reference import reference as page

    click.echo(page(), nl=False)


@commands.command()
@AS_JSON
def doctor(as_json: bool) -> None:
    """Versions, device, cores, memory, data sets, store and engine."""
    from snnviz.doctor import examine

    found = examine()
    if as_json:
        _print(found)
        return
    for name, value in found.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {inner}" for key, inner in value.items())
        click.echo(f"{name:12} {value}")


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: errors become one line on stderr and exit code 2."""
    try:
        commands.main(args=arguments, prog_name="python -m snnviz", standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path} --help" if context else ""
        click.echo(" ".join(error.format_message().split()).rstrip(".") + hint, err=True)
        sys.exit(2)
    except SnnvizError as error:
        click.echo(" ".join(str(error).split()), err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)


class _Bar:
    """A progress bar on stderr, fed by a run's events."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.last: EpochEnd | None = None
        self.bar: Any = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.render_finish()

    def __call__(self, event: Event) -> None:
        if self.quiet:
            return
        if isinstance(event, EpochEnd):
            self.last = event
        if isinstance(event, Progress) and event.doing:
            click.echo(f"\r{event.doing:70}", nl=False, err=True)
        if isinstance(event, Progress) and event.steps:
            if self.bar is None:
                self.bar = click.progressbar(
                    length=event.steps, label="training", item_show_func=lambda _: self._accuracy(), file=sys.stderr
                )
                self.bar.render_progress()
            self.bar.update(event.step - self.bar.pos)

    def share(self, done: float) -> None:
        """Progress without events, from 0 to 1."""
        self(Progress(round(done * 100), 100))

    def _accuracy(self) -> str:
        return "" if self.last is None else f"epoch {self.last.epoch}: test accuracy {self.last.test_accuracy:.1%}"


def _read(name: str, settings: Sequence[str]) -> Design:
    """A design by name, file or standard input, with fields changed."""
    if name not in EXAMPLES and (name == "-" or name.endswith(".json") or os.path.exists(name)):
        found = Design.read(_text(name))
    else:
        found = named(name)
    return links.change(found, links.read_settings(settings)) if settings else found


def _text(name: str) -> str:
    """What is in a file, or the beginning of it where it is too long."""
    try:
        with click.open_file(name, encoding="utf-8-sig") as file:
            return str(file.read(MAX_TEXT + 1))
    except OSError as error:
        reason = (error.strerror or "it is not").lower()
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except AttributeError:
        reason = "standard input is closed"
    raise InputError("design", f"be readable ({reason})", name)


def _summary(shown: Run, last: EpochEnd | None) -> dict[str, Any]:
    return {
        "run": shown.run,
        "state": shown.state,
        "title": shown.title,
        "design_line": links.in_a_line(shown.design),
        "seconds": round(shown.seconds, 3),
        "accuracy": last.test_accuracy if last else None,
        "loss": last.test_loss if last else None,
        "rate": last.rate if last else None,
        "parameters": costs.parameters(shown.design),
        "macs": costs.macs(shown.design),
    }


def _report(store: Store, shown: Run, cached: bool) -> dict[str, Any]:
    states = [row for _, row in store.rows(shown.run, LayerState)]
    final = {row.layer: row for row in states}  # rows come in order: the last look of each layer stays
    layers = [
        {"name": row.name, "rate": row.rate, "var_u": row.var_u, "grad_norm": row.grad_norm} for row in final.values()
    ]
    names = ("epoch", "train_accuracy", "test_accuracy", "train_loss", "test_loss")
    epochs = [{name: getattr(row, name) for name in names} for _, row in store.rows(shown.run, EpochEnd)]
    last = store.last(EpochEnd, [shown.run]).get(shown.run)
    report = {**_summary(shown, last), "cached": cached, "layers": layers, "epochs": epochs}
    return report | {"error": shown.error, "note": shown.note, "design": shown.design.document()}


def _show(store: Store, shown: Run, as_json: bool, cached: bool) -> None:
    report = _report(store, shown, cached)
    if as_json:
        _print(report)
        return
    click.echo(f"run        {shown.run}{' (cached)' if cached else ''}")
    click.echo(f"design     {report['design_line']}")
    click.echo(f"state      {shown.state}, {shown.seconds:.1f} s of training")
    if report["accuracy"] is not None:
        rate = "" if report["rate"] is None else f", rate {report['rate']:.2%}"
        click.echo(f"test       accuracy {report['accuracy']:.2%}, loss {report['loss']:.4f}{rate}")
    if shown.note:
        click.echo(f"note       {shown.note}")
    click.echo(f"costs      {report['parameters']:,} parameters, {report['macs']:,} MACs per step")
    for layer in report["layers"]:
        rate = "" if layer["rate"] is None else f"rate {layer['rate']:.2%}, "
        click.echo(f"  {layer['name']:9} {rate}Var[u] {layer['var_u']:.3g}")


def _print(value: object) -> None:
    click.echo(json.dumps(_finite(value), allow_nan=False))


def _finite(value: Any) -> Any:
    """`value` with null where a number is not finite, which JSON cannot hold."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
