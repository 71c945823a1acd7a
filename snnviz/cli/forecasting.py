"""The command `forecast`: what a design's networks do before training, measured."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from snnviz.cli.designing import read_design
from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, NEAREST, SETTING, Bar, print_json, table
from snnviz.data import datasets
from snnviz.design.design import Design
from snnviz.errors import NotFound
from snnviz.jobs.engine import check_memory
from snnviz.jobs.machine import free_bytes
from snnviz.store import Store
from snnviz.theory.backward import expected_gradients
from snnviz.theory.measured import MeasuredForecast, MeasuredLayer
from snnviz.theory.trainability import Trainability, judge
from snnviz.theory.variance import LayerForecast, forecast_layers
from snnviz.views.numbers import NO_NUMBER


@click.command()
@click.argument("name")
@SETTING
@NEAREST
@click.option(
    "--seconds",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    help="Processor time for drawing networks, beyond the first two.",
)
@click.option(
    "--probe",
    is_flag=True,
    help="Also how well a linear classifier reads each layer, before training and, if a run is there, after.",
)
@AS_JSON
def forecast(name: str, settings: Sequence[str], nearest: bool, seconds: float, probe: bool, as_json: bool) -> None:
    """Say whether a design's networks can learn, from what they do before training.

    Networks of several seeds are drawn, and images go through them and gradients back. NAME is a named design, a file,
    a link, or - for standard input.
    """
    chosen = read_design(name, settings, nearest)
    if (free := free_bytes()) is not None:
        check_memory(chosen, free)
    datasets.ensure_downloaded(chosen.data.name, lambda words: click.echo(words, err=True))
    from snnviz.core.untrained import measure_progressively

    found: MeasuredForecast | None = None
    try:
        quiet = as_json or not sys.stderr.isatty()
        with reliable_interrupts() as check, Bar(quiet, eta=False, label="drawing networks") as bar:
            for number, found in enumerate(measure_progressively(chosen, seconds)):
                bar.move(number, number + 1, f"{found.networks} networks")
                check()
    except KeyboardInterrupt:
        if found is None:
            raise
        click.echo(f"\nStopped: {found.networks} networks were drawn.", err=True)
    assert found is not None
    verdict = judge(found)
    probes = linear_probes(chosen) if probe else {}
    if as_json:
        print_json({**report(chosen, found, verdict), **({"probe": probes} if probe else {})})
        return
    expected = {layer.name: layer for layer in forecast_layers(chosen)}
    click.echo(table([_row(layer, expected.get(layer.name)) for layer in found.layers]))
    if probe:
        after = probes["after"] or {}
        rows = [
            {"layer": layer, "before": _share(value), "after": _share(after.get(layer))}
            for layer, value in probes["before"].items()
        ]
        click.echo(f"Read by a linear classifier, fitted to {probes['images']} training images:\n{table(rows)}")
    click.echo(verdict.sentence)
    click.echo(f"{found.how[:1].upper()}{found.how[1:]}. rate: mean, and where nine of ten networks are.")


def linear_probes(design: Design) -> dict[str, Any]:
    """Returns the test accuracy of linear probes by layer, `before` training and `after`, None without a finished run;
    and how many `images` they were fitted to.
    """
    from snnviz.core.probing import probe_layers

    kept = None
    with suppress(NotFound):
        kept = Store().load_checkpoint(Store().get(design.digest).run)
    before = probe_layers(design)
    after = None if kept is None else probe_layers(design, kept.arrays)
    return {
        "before": {each.name: each.accuracy for each in before},
        "after": None if after is None else {each.name: each.accuracy for each in after},
        "epoch": None if kept is None else kept.epoch,
        "images": before[0].images,
    }


def report(design: Design, found: MeasuredForecast, verdict: Trainability) -> dict[str, Any]:
    """Returns a forecast as the values of ``--json``."""
    expected = {layer.name: layer for layer in forecast_layers(design)}
    theory = expected_gradients(design)
    gradients = {} if theory is None else theory.sizes
    return {
        "design": design.document(),
        "layers": [_values(layer, expected.get(layer.name), gradients.get(layer.name)) for layer in found.layers],
        "input": {"cosine_within": found.cosine_within, "cosine_between": found.cosine_between},
        "verdict": verdict.tone,
        "sentence": verdict.sentence,
        "silent_from": verdict.silent_from,
        "alike_from": verdict.alike_from,
        "unstable_gradient_at": verdict.unstable_gradient_at,
        "how": found.how,
        "networks": found.networks,
        "images": found.images,
    }


def _values(layer: MeasuredLayer, expected: LayerForecast | None, gradient: float | None) -> dict[str, Any]:
    return {
        "name": layer.name,
        "rate": layer.rate,
        "rate_low": layer.rate_low,
        "rate_high": layer.rate_high,
        "measured_rate": layer.own_rate,
        "var_u": layer.var_u,
        "silent_share": layer.silent_share,
        "cosine": layer.cosine_between,
        "cosine_within": layer.cosine_within,
        "effective_rank": layer.effective_rank,
        "gradient": layer.gradient,
        "theory_rate": None if expected is None else expected.rate,
        "theory_var_u": None if expected is None else expected.var_u,
        "theory_gradient": gradient,
    }


def _share(value: float | None) -> str:
    return NO_NUMBER if value is None else f"{100 * value:.1f} %"


def _row(layer: MeasuredLayer, expected: LayerForecast | None) -> dict[str, str]:
    def number(value: float | None, format_: str = ".3g") -> str:
        return NO_NUMBER if value is None else format(value, format_)

    return {
        "layer": layer.name,
        "rate": _share(layer.rate),
        "from": _share(layer.rate_low),
        "to": _share(layer.rate_high),
        "this seed": _share(layer.own_rate),
        "theory": _share(None if expected is None else expected.rate),
        "Var[u]": number(layer.var_u),
        "silent": _share(layer.silent_share),
        "cosine within": number(layer.cosine_within, ".3f"),
        "between": number(layer.cosine_between, ".3f"),
        "gradient": number(layer.gradient, ".2e"),
    }
