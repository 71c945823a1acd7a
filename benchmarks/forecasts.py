"""Is the forecast right? Forty designs of all kinds, forecast as a page does, against other real networks of theirs.

    .venv/bin/python -m benchmarks.forecasts [--seconds 2] [--narrow 200] [--large 20] [--only TEXT] [--skip N]
    .venv/bin/python -m benchmarks.forecasts --others [...]

Of each layer: the mean firing rate over networks is to be within 2 points, Var[u] within 15 %, and the share of images
for which it is silent within 5 points, each with twice the standard error of the networks' mean more; and nine of ten
networks are to be in the forecast's band. Beside it the theory that is painted first, as a multiple of the same limits,
and of what the page says of it (`theory.roughness`).
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from snnviz.catalog.examples import get_example
from snnviz.core.untrained import measure_untrained, network_by_network
from snnviz.data.datasets import is_available
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.errors import InputError
from snnviz.theory.roughness import Roughness, roughness
from snnviz.theory.variance import forecast_layers

FLOOR = 0.05
"""A Var[u] that is off by less is as said: where activity dies, it is a multiple of nearly nothing."""

LARGE = 40_000
"""A network with more neurons is compared with fewer others."""


def designs() -> Iterator[tuple[str, Design]]:
    """Returns names and designs: narrow and deep, convolutions, blocks, codes, neurons, normalisation, staged ones."""
    mlp = {"network": "mlp", "data.steps": 1}
    settings: dict[str, dict[str, Any]] = {
        "mlp 20x50 T1": {**mlp, "network.depth": 20, "network.width": 50},
        "mlp 10x50 T5": {**mlp, "network.depth": 10, "network.width": 50, "data.steps": 5},
        "mlp 30x100 lif": {**mlp, "network.depth": 30, "network.width": 100, "data.encoding": "lif", "data.steps": 3},
        "mlp 6x1000": {**mlp, "network.depth": 6, "network.width": 1000, "data.steps": 5},
        "mlp 4x300 rate": {**mlp, "network.depth": 4, "network.width": 300, "data.encoding": "rate", "data.steps": 10},
        "mlp 4x300 latency": {**mlp, "network.depth": 4, "network.width": 300, "data.encoding": "latency"},
        "mlp theta .3": {**mlp, "network.depth": 8, "network.width": 100, "neuron.threshold": 0.3, "data.steps": 3},
        "mlp theta 1.5": {**mlp, "network.depth": 8, "network.width": 100, "neuron.threshold": 1.5, "data.steps": 3},
        "mlp beta .95": {**mlp, "network.depth": 6, "network.width": 100, "neuron.beta": 0.95, "data.steps": 10},
        "mlp beta 0": {**mlp, "network.depth": 6, "network.width": 100, "neuron.beta": 0.0, "data.steps": 3},
        "mlp reset zero": {**mlp, "network.depth": 6, "network.width": 100, "neuron.reset": "zero", "data.steps": 5},
        "mlp reset none": {**mlp, "network.depth": 6, "network.width": 100, "neuron.reset": "none", "data.steps": 5},
        "mlp kaiming": {**mlp, "network.depth": 5, "network.width": 100, "init": "kaiming", "neuron.threshold": 0.5},
        "mlp glorot": {**mlp, "network.depth": 5, "network.width": 200, "init": "glorot", "neuron.threshold": 0.3},
        "mlp input-preserving": {**mlp, "network.depth": 8, "network.width": 100, "init": "input-preserving"},
        "mlp batch": {**mlp, "network.depth": 6, "network.width": 100, "network.norm": "batch", "data.steps": 3},
        "mlp plif": {**mlp, "network.depth": 5, "network.width": 100, "neuron": "plif", "data.steps": 5},
        "mlp synaptic": {**mlp, "network.depth": 5, "network.width": 100, "neuron": "synaptic", "data.steps": 5},
        "cnn 8x4": {"network": "cnn", "network.depth": 8, "network.channels": 4, "data.steps": 1},
        "cnn 4x16": {"network": "cnn", "network.depth": 4, "network.channels": 16, "data.steps": 3},
        "cnn rate": {"network": "cnn", "network.depth": 4, "network.channels": 8, "data.encoding": "rate"},
        "cnn lif": {"network": "cnn", "network.depth": 4, "network.channels": 8, "data.encoding": "lif"},
        "cnn batch": {"network": "cnn", "network.depth": 4, "network.channels": 8, "network.norm": "batch"},
        "block": {},
        "block T1": {"data.steps": 1},
        "block T10": {"data.steps": 10},
        "block DSC": {"network.edges": "0011/0001/0000/0000"},
        "block ASC": {"network.edges": "0022/0002/0000/0000"},
        "block backward": {"network.edges": "0012/0001/0100/0000"},
        "block 3 stacked": {"network.blocks": 3},
        "block kaiming": {"init": "kaiming", "neuron.threshold": 0.5},
        "block latency": {"data.encoding": "latency", "data.steps": 8},
    }  # fmt: skip
    for name, changes in settings.items():
        yield name, change(Design(), changes)
    for data in ("mnist", "fashion-mnist"):
        if is_available(data):
            some = {"data.name": data, "data.train_samples": 2000, "data.test_samples": 200}
            yield f"cnn 4x16 {data}", change(Design(), {**some, **settings["cnn 4x16"]})
            yield f"block {data}", change(Design(), some)
            yield f"mlp 10x50 {data}", change(Design(), {**some, **settings["mlp 10x50 T5"]})
    for name in ("vgg-digits", "resnet18-digits", "mobilenetv2-digits", "densenet121-digits"):
        try:
            yield name, change(get_example(name), {"data.steps": 3})
        except InputError:
            yield name, get_example(name)


def others() -> Iterator[tuple[str, Design]]:
    """Returns designs on which nothing of the theory that is painted first was chosen."""
    some = {"data.train_samples": 2000, "data.test_samples": 200}
    mnist, fashion = {**some, "data.name": "mnist"}, {**some, "data.name": "fashion-mnist"}
    cnn = {"network": "cnn"}
    settings: dict[str, dict[str, Any]] = {
        "cnn 6x32 mnist": {**mnist, **cnn, "network.depth": 6, "network.channels": 32, "neuron.threshold": 0.5},
        "block 2 stacked mnist": {**mnist, "network.blocks": 2, "data.steps": 1},
        "cnn 3x24 fashion-mnist": {**fashion, **cnn, "network.depth": 3, "network.channels": 24, "init": "kaiming",
                                   "neuron.threshold": 0.7, "data.steps": 3},
        "cnn 5x24": {**cnn, "network.depth": 5, "network.channels": 24, "neuron.beta": 0.9, "data.steps": 5},
        "cnn rate mnist": {**mnist, **cnn, "network.depth": 3, "network.channels": 16, "data.encoding": "rate"},
        "block lif fashion-mnist": {**fashion, "data.encoding": "lif", "data.steps": 5},
        "block rate": {"data.encoding": "rate", "data.steps": 8},
        "block ASC mnist": {**mnist, "network.edges": "0022/0002/0000/0000", "data.steps": 3},
        "block DSC fashion-mnist": {**fashion, "network.edges": "0011/0001/0000/0000", "data.steps": 3},
    }  # fmt: skip
    for name, changes in settings.items():
        if is_available(changes.get("data.name", "digits")):
            yield name, change(Design(), changes)


def compare(design: Design, seconds: float, narrow: int, large: int) -> dict[str, Any]:
    """Returns how far the forecast of a design is from other networks of it: what is beyond the limits, layer by
    layer.
    """
    begun = time.perf_counter()
    found = measure_untrained(design, seconds)
    took = time.perf_counter() - begun
    theory = {layer.name: layer for layer in forecast_layers(design)}
    count = large if sum(layer.neurons for layer in _layers(design)) > LARGE else narrow
    others = network_by_network(design.model_copy(update={"seed": design.seed + 10_000}), count)
    held = seen = 0
    names = ("rate", "var_u", "silent", "theory rate", "theory var_u", "said rate", "said var_u")
    beyond = dict.fromkeys(names, 0.0)
    rough = roughness(design) or Roughness(2, 0.85, 1.15)

    def note(name: str, value: float, truth: float, limit: float, error: float) -> None:
        beyond[name] = max(beyond[name], abs(value - truth) / (limit + 2 * error))

    for layer in found.layers:
        other = others[layer.name]
        var, var_error = _mean_and_error(other.variances)
        note("var_u", layer.var_u, var, 0.15 * var, var_error)
        note("theory var_u", theory[layer.name].var_u, var, 0.15 * var, var_error)
        own = max(theory[layer.name].var_u, 1e-9)
        reach = max((rough.high - 1 if var > own else 1 - rough.low) * own, FLOOR)
        note("said var_u", own, var, reach, var_error)
        if layer.rate is None or layer.rate_low is None or layer.rate_high is None:
            continue
        rate, rate_error = _mean_and_error(other.rates)
        note("rate", layer.rate, rate, 0.02, rate_error)
        note("theory rate", theory[layer.name].rate or 0.0, rate, 0.02, rate_error)
        note("said rate", theory[layer.name].rate or 0.0, rate, rough.points / 100, rate_error)
        silent, silent_error = _mean_and_error(other.silent)
        note("silent", layer.silent_share or 0.0, silent, 0.05, silent_error)
        held += sum(layer.rate_low <= one <= layer.rate_high for one in other.rates)
        seen += len(other.rates)
    return {
        **beyond,
        "held": held / seen if seen else math.nan,
        "networks": found.networks,
        "others": count,
        "took": took,
    }


def _layers(design: Design) -> Any:
    from snnviz.graph.architectures import build_architecture

    return build_architecture(design).watched


def _mean_and_error(values: list[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="processor time of a forecast, as on a page")
    parser.add_argument("--narrow", type=int, default=200)
    parser.add_argument("--large", type=int, default=20)
    parser.add_argument("--only", default="", help="designs whose names hold this text")
    parser.add_argument("--skip", type=int, default=0, help="so many designs, which were compared before")
    parser.add_argument("--others", action="store_true", help="designs on which no theory was chosen, instead")
    told = parser.parse_args()
    print(
        "Largest error over layers, as a multiple of what is allowed (above 1: beyond it); share of networks in bands."
    )
    print(
        "| design | networks | rate | Var[u] | silent | in the band | theory: rate | theory: Var[u] | "
        "of what is said: rate | Var[u] |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    measure_untrained(Design(), 0.0, most=2)  # imports and compiling are no part of a forecast
    rows = []
    for place, (name, design) in enumerate(others() if told.others else designs()):
        if told.only not in name or place < told.skip:
            continue
        row = compare(design, told.seconds, told.narrow, told.large)
        rows.append(row)
        print(
            f"| {name} | {row['networks']} | {row['rate']:.2f} | {row['var_u']:.2f} | {row['silent']:.2f} | "
            f"{100 * row['held']:.0f} % | {row['theory rate']:.2f} | {row['theory var_u']:.2f} | "
            f"{row['said rate']:.2f} | {row['said var_u']:.2f} |",
            flush=True,
        )
    for name in ("rate", "var_u", "silent", "theory rate", "theory var_u", "said rate", "said var_u"):
        print(f"{name}: within the limit in {sum(row[name] <= 1 for row in rows)} of {len(rows)} designs")
    bands = [row["held"] for row in rows if not math.isnan(row["held"])]
    right = sum(0.85 <= band <= 0.95 for band in bands)
    print(f"bands hold {100 * np.mean(bands):.1f} % of networks; 85 to 95 % in {right} of {len(bands)} designs")


if __name__ == "__main__":
    main()
