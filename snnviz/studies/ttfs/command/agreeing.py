"""The command `ttfs check`: compares a ReLU network with its TTFS twin."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import click

from snnviz.cli.designing import or_nearest, read_design
from snnviz.cli.printing import AS_JSON, NEAREST, SETTING, Bar, print_json, table
from snnviz.data import datasets
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.menus import Choice
from snnviz.design.part import Part
from snnviz.design.parts import Neuron
from snnviz.design.registry import Range
from snnviz.design.submitted import validated
from snnviz.errors import InputError
from snnviz.events import Checkpoint, Progress
from snnviz.graph.ttfs import relu_network, require_ttfs_twin
from snnviz.jobs import machine
from snnviz.jobs.engine import check_memory
from snnviz.theory.ttfs import ZETA, Silent

if TYPE_CHECKING:
    from snnviz.studies.ttfs.compute.equivalence import TwinAgreement


class Comparison(Part):
    """Settings of a comparison of a ReLU network with its TTFS (time-to-first-spike) twin."""

    layers: Annotated[int, Range(2, 201, "Layers with weights, the readout's included.")] = 3
    images: Annotated[int, Range(1, 1_000_000, "Test images that both are shown.")] = 256
    zeta: Annotated[float, Range(0, 10_000, "How much wider than the largest activation windows are.")] = ZETA
    precision: Literal["float64", "float32"] = "float64"
    silent: Silent = "clock"
    """How a layer treats silent neurons of the layer before: by its clock ("clock"), or not at all ("nothing")."""


@click.command()
@click.argument("name", required=False)
@click.option("--layers", help="Layers with weights of an mlp or a cnn, the readout's included.  [3]")
@click.option("--slopes", help="Slope at threshold B: 1, another number, or a range to draw from such as 0.5..2.  [1]")
@click.option("--zeta", help="How much wider than the largest activation windows are.  [0.5]")
@click.option("--images", help="Test images that both are shown.  [256]")
@click.option("--precision", help="float64 or float32.  [float64]")
@click.option(
    "--silent", help="clock, or nothing: neurons as printed, which miss what silent ones do not send.  [clock]"
)
@click.option("--trained", is_flag=True, help="Train the ReLU network first, instead of drawing its weights.")
@SETTING
@NEAREST
@AS_JSON
def check(
    name: str | None,
    settings: Sequence[str],
    slopes: str | None,
    trained: bool,
    nearest: bool,
    as_json: bool,
    **options: str | None,
) -> None:
    """Compare the logits of a ReLU network and of the TTFS network that is computed from it.

    NAME is a named design or a file; its graph is taken, with ReLUs. Without it: an mlp of 340 neurons a layer on
    digits. Each neuron of the TTFS network spikes at most once; the windows in which layers spike are as wide as the
    training images need, and times are in units of tau_c. A silent neuron sends nothing; instead, a clock in the next
    layer switches the slope to B when its window opens. With --silent nothing there is no such clock, and the networks
    disagree.
    """
    given = {option: links.parse_value(option, value) for option, value in options.items() if value is not None}
    comparison = validated(Comparison, given, "a comparison")
    steepness = read_slopes(slopes) if slopes is not None else (1.0, 1.0)
    asked = _design(name, settings, comparison.layers if "layers" in given else None, nearest)
    design = relu_network(or_nearest(lambda: require_ttfs_twin(asked), nearest))
    if (free := machine.free_bytes()) is not None:
        check_memory(design, free)
    datasets.ensure_downloaded(design.data.name, lambda words: click.echo(words, err=True))
    from snnviz.studies.ttfs.compute.equivalence import compare_with_twin

    arrays = _learnt(design, quiet=as_json or not sys.stderr.isatty()) if trained else None
    of = comparison
    found = compare_with_twin(design, of.images, steepness, of.zeta, of.precision, arrays, of.silent)
    if as_json:
        told = comparison.model_dump(mode="json") | {"layers": len(found.layers) + 1}
        setting = told | {"slopes": list(steepness), "trained": trained}
        print_json({"design": design.document(), "comparison": setting, **asdict(found)})
    else:
        print_agreement(found)


def read_slopes(text: str) -> tuple[float, float]:
    """Returns the bounds of slopes in text such as "1" or "0.5..2". Raises `InputError`."""
    number = r"\s*(\d+\.?\d*(?:e-?\d+)?|\.\d+)\s*"
    parts = re.fullmatch(rf"{number}(?:\.\.{number})?", text[:60], re.ASCII)
    low, high = (float(parts[1]), float(parts[2] or parts[1])) if parts else (0.0, 0.0)
    if not 1e-6 <= low <= high <= 1e6:
        raise InputError("slopes", "be a number from 1e-06 to 1e+06, or two such as 0.5..2", text)
    return low, high


def _design(name: str | None, settings: Sequence[str], layers: int | None, nearest: bool) -> Design:
    """The design of the command's arguments, with so many layers if any number is given."""
    usual = Design.check({"data": {"steps": 1}, "network": {"kind": "mlp", "depth": 2, "width": 340}})
    usual = usual.model_copy(update={"neuron": Neuron(kind="relu"), "init": Choice({"kind": "kaiming"})})
    design = read_design(name, settings, nearest, usual)
    if layers is None:
        return design
    if "network.depth" in (given := links.parse_settings(settings)):
        raise InputError("network.depth", "be left out where layers are given", given["network.depth"])
    if design.network.hidden_layers is None:
        raise InputError("network.kind", "be mlp or cnn where layers are given", design.network.kind)
    return links.change(design, {"network.depth": layers - 1, "training.shortcut.layers": ""})


def _learnt(design: Design, *, quiet: bool) -> Mapping[str, Any]:
    """The weights after training, by name."""
    from snnviz.studies.ttfs.compute.equivalence import train_relu_network

    arrays: Mapping[str, Any] = {}
    with Bar(quiet) as bar:
        for event in train_relu_network(design):
            if isinstance(event, Progress) and event.steps:
                bar.move(event.step, event.steps)
            if isinstance(event, Checkpoint):
                arrays = event.arrays
    return arrays


def print_agreement(found: TwinAgreement) -> None:
    """Prints how well a ReLU network and its TTFS (time-to-first-spike) twin agree, with a table of the layers that
    spike.
    """
    rows = [
        {
            "layer": layer.name,
            "neurons": f"{layer.neurons:,}",
            "t_min": f"{layer.start:.4g}",
            "t_max": f"{layer.end:.4g}",
            "spikes per neuron": f"{layer.spikes_per_neuron:.3f}",
            "saturated": f"{layer.saturated:.2%}",
            "times off by": f"{layer.lateness:.2g}",
        }
        for layer in found.layers
    ]
    click.echo(table(rows))
    click.echo(f"largest relative difference of logits {found.max_relative_difference:.2g} over {found.images} images")
    click.echo(f"both say the same of {found.argmax_agreement:.2%}")
    click.echo(f"accuracy on these images {found.accuracy:.2%}, of the ReLU network {found.relu_accuracy:.2%}")
    click.echo(f"{found.spikes_per_neuron:.3f} spikes per neuron, read after {found.latency:.4g} tau_c")
    events = f"1.000 and {found.additions_with_events:,}"
    click.echo(f"{found.additions:,.0f} additions an image; with an event at t_max of each silent neuron {events}")
