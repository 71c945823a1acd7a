"""A sweep over the number of skips: the same block with more and more of them, each design an ordinary run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import PlainValidator

from snnviz.data.datasets import parse_dataset_name
from snnviz.design import adjacency
from snnviz.design.base_network import Norm
from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.design.links import change
from snnviz.design.recipes import Recipe, apply_recipe
from snnviz.design.registry import Range
from snnviz.graph.controls import CONTROLS, Control, match_control, plain_block
from snnviz.graph.twins import ann_twin

SkipType = Literal["DSC", "ASC"]


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One design of a sweep over the number of skips, with `n_skip` skips of a type into every layer, or as many as
    fit. `ann`: whether an ANN twin (the same network with ReLUs).

    `control`: what the design has in common with the block with skips (parameters or operations) if it is the plain
    block for comparison. Points that differ in their seed only are averaged. Without skips both types have the same
    design.
    """

    type: SkipType
    n_skip: int
    ann: bool
    design: Design
    control: Control | None = None


class SkipSweep(Recipe):
    """Setting of a sweep: accuracy, firing rate and cost against the number of skips (Benmeziane et al. 2023, Fig. 1
    right).

    In a block of `depth` layers, each layer j reads min(n_skip, j - 1) earlier sources, drawn from the seed, which also
    draws the weights. The paper sweeps on CIFAR10-DVS; the defaults here are small enough for a laptop. Links leave out
    fields at these defaults; the page opens with another setting, the first of `SWEEPS`.
    """

    noun = "a sweep"

    types: Literal["both", "dsc", "asc"] = "both"
    most_skips: Annotated[
        int,
        Range(
            0,
            7,
            "The largest n_skip; a layer j has room for j - 1, so a block of d layers for d - 1.",
            1,
            "Skips per layer, up to",
        ),
    ] = 3
    seeds: Annotated[int, Range(1, 10, "Runs of each; a seed draws which skips there are, and the weights.", 1)] = 4
    data: Annotated[str, PlainValidator(parse_dataset_name)] = "digits"
    depth: Annotated[int, Range(adjacency.MIN_DEPTH, adjacency.MAX_DEPTH, "Layers of the block.", 1, "Layers")] = 4
    channels: Annotated[int, Range(1, 256, "Channels of every layer.", 1)] = 8
    dsc_fraction: Annotated[
        float, Range(0.05, 1, "Share of a source's channels that a DSC skip carries (rho); 1 as in DenseNet.", 0.05)
    ] = 1.0
    norm: Norm = "none"
    steps: Annotated[int, Range(1, 50, "Time steps T of the spiking networks; their ANN twins have one.", 1)] = 6
    threshold: Annotated[float, Range(0, 4, "Potential above which a neuron spikes (theta).", 0.05)] = 1.0
    beta: Annotated[float, Range(0, 1, "Leak: the share of the potential kept from one step to the next.", 0.05)] = 0.9
    gain: Annotated[
        float,
        Range(
            0.1,
            20,
            "n Var[w] of the spiking networks: about 1/3 is what torch draws unasked, 2 is Kaiming's.",
            0.1,
            "Gain n Var[w]",
        ),
    ] = 0.33
    train_samples: Annotated[int, Range(0, 1_000_000, "Training images to use; 0 means all of them.", 500)] = 1000
    downsample: Annotated[int, Range(1, 32, "Of recordings: so many pixels in both directions become one.", 1)] = 1
    epochs: Annotated[int, Range(1, 300, "Passes over the training images.", 1)] = 6
    twins: Literal["with", "without"] = "with"
    """Whether each design's ANN twin is trained too, to measure the drop in accuracy."""

    twin_gain: Annotated[
        float,
        Range(0.1, 20, "n Var[w] of the ANN twins: 2 is Kaiming's, made for ReLUs in a row.", 0.1, "Gain of twins"),
    ] = 2.0
    controls: Literal["with", "without"] = "without"
    """Whether plain blocks of equal parameters and of equal operations are trained too, to separate the effect of skips
    from that of size.
    """

    @property
    def chosen(self) -> tuple[SkipType, ...]:
        """The types of skips ("DSC", "ASC") that the sweep over the number of skips compares."""
        return {"both": ("DSC", "ASC"), "dsc": ("DSC",), "asc": ("ASC",)}[self.types]  # type: ignore[return-value]

    @property
    def counts(self) -> range:
        """The numbers of skips per layer, from 0 to `most_skips` or to as many as fit into the block."""
        return range(min(self.most_skips, self.depth - 1) + 1)


SWEEPS: dict[str, SkipSweep] = {
    "small": SkipSweep(gain=2, controls="with"),
    "normalised": SkipSweep(norm="batch", controls="with"),
    "weak weights": SkipSweep(controls="with"),
    "half the channels": SkipSweep(gain=2, controls="with", dsc_fraction=0.5),
    "CIFAR10-DVS": apply_recipe(
        SkipSweep(data="cifar10-dvs", gain=2, controls="with", twins="without", train_samples=0, downsample=4),
        "skips, CIFAR10-DVS",
    ),
}
"""Named settings to start from; the page opens with the first.

With torch's own weights (a gain of 1/3, "weak weights") a block without skips is nearly silent before training: .4 % of
neurons and steps, 8.5 % at a gain of 2. The paper says that a concatenation carries "only some channels", not how many:
half of them, or all as in a DenseNet. The last takes data and training from the paper, with a block of ours.
"""


def sweep_points(sweep: SkipSweep) -> tuple[SweepPoint, ...]:
    """Returns the designs of a sweep over the number of skips, seed by seed, so that every curve has its first values
    early.

    >>> from snnviz.design.experiment import distinct_designs
    >>> len(sweep_points(SkipSweep())), len(distinct_designs(sweep_points(SkipSweep())))
    (64, 56)
    >>> len(distinct_designs(sweep_points(SkipSweep(controls="with"))))
    88
    """
    asked, several = sweep_experiment(sweep), _levels(sweep)
    designs, found = asked.designs(), []
    for seed in asked.seed_numbers:
        for place, (n_skip, kind) in enumerate(several):
            design = designs[(place if n_skip else 0,), seed]  # without skips both types are one design
            beside: dict[Control | None, Design] = {None: design}
            if sweep.controls == "with" and n_skip:  # without skips a block is its own control
                beside |= {what: plain_block(design, match_control(design, what).channels) for what in CONTROLS}
            for control, one in beside.items():
                found.append(SweepPoint(kind, n_skip, ann=False, design=one, control=control))
                if sweep.twins == "with":
                    found.append(SweepPoint(kind, n_skip, ann=True, design=_twin(sweep, one), control=control))
    return tuple(found)


def _twin(sweep: SkipSweep, design: Design) -> Design:
    twin = ann_twin(design)
    return twin if sweep.twin_gain == twin.init["gain"] else change(twin, {"init.gain": sweep.twin_gain})


def _levels(sweep: SkipSweep) -> list[tuple[int, SkipType]]:
    return [(n_skip, kind) for n_skip in sweep.counts for kind in sweep.chosen]


def sweep_experiment(sweep: SkipSweep) -> Experiment:
    """Returns the sweep over the number of skips as an experiment with one axis, whose levels are random matrices drawn
    by each run's seed.
    """
    matrices = ",".join(f"{kind.lower()}-each:{n_skip}" for n_skip, kind in _levels(sweep))
    return Experiment(base=_base(sweep), vary=(f"network.edges={matrices}",), seeds=sweep.seeds).require_complete()


def _base(sweep: SkipSweep) -> Design:
    document: dict[str, Any] = {
        "data": {
            "name": sweep.data,
            "steps": sweep.steps,
            "train_samples": sweep.train_samples,
            "events": {"downsample": sweep.downsample},
            "augment": sweep.augment,
        },
        "network": {
            "kind": "block",
            "edges": adjacency.sequential(sweep.depth),
            "channels": sweep.channels,
            "dsc_fraction": sweep.dsc_fraction,
            "norm": sweep.norm,
        },
        "neuron": {"threshold": sweep.threshold, "beta": sweep.beta},
        "init": {"kind": "kaiming", "gain": sweep.gain},
        "training": {**sweep.training, "epochs": sweep.epochs},
    }
    return Design.from_sparse(document)
