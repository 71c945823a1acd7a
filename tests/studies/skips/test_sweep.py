"""A sweep over skips is ordinary designs: what differs between them is what is swept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.design import adjacency
from snnviz.design.design import Design
from snnviz.design.experiment import distinct_designs
from snnviz.design.links import change, differences
from snnviz.design.networks import BlockNetwork
from snnviz.errors import InputError
from snnviz.graph.architectures import build_architecture
from snnviz.graph.controls import Control, match_control
from snnviz.graph.twins import ann_twin
from snnviz.studies.skips.sweep import SWEEPS, SkipSweep, sweep_points
from snnviz.theory import costs, operations


def edges(design: Design) -> adjacency.Edges:
    assert isinstance(design.network, BlockNetwork)
    return design.network.edges


def test_every_type_count_and_seed_has_a_spiking_network_and_its_twin() -> None:
    found = sweep_points(SkipSweep(seeds=2))
    spiking, twins = found[::2], found[1::2]
    assert [(p.design.seed, p.n_skip, p.type) for p in spiking] == [
        (seed, n, kind) for seed in (0, 1) for n in range(4) for kind in ("DSC", "ASC")
    ]
    assert all(not one.ann and other.ann for one, other in zip(spiking, twins, strict=True))
    assert [p.design for p in twins] == [ann_twin(p.design) for p in spiking]
    assert len(distinct_designs(found)) == 2 * 2 * 7  # without skips DSC and ASC are one design


def test_its_small_setting_is_that_of_the_study() -> None:
    """Digits, 8 channels, 4 layers, 6 steps, leak 0.9, 1,000 images, 6 epochs, Adam at 3e-3; n Var[w] about 1/3."""
    design = sweep_points(SWEEPS["weak weights"])[0].design
    assert isinstance(design.network, BlockNetwork)
    assert (design.data.name, design.data.steps, design.data.train_samples) == ("digits", 6, 1000)
    assert (design.network.depth, design.network.channels, design.network.dsc_fraction) == (4, 8, 1)
    assert (design.neuron.beta, design.neuron.threshold) == (0.9, 1)
    assert (design.training.optimizer.kind, design.training.learning_rate) == ("adam", 0.003)
    assert design.training.epochs == 6
    assert dict(design.init) == {"kind": "kaiming", "gain": 0.33}


def literal(edges: adjacency.Edges, seed: int, **network: object) -> Design:
    """A design of the default sweep, written out as it was before sweeps had controls and recipes."""
    return Design.check(
        {
            "data": {"name": "digits", "steps": 6, "train_samples": 1000, "events": {"downsample": 1}},
            "network": {"kind": "block", "edges": edges, "channels": 8, "dsc_fraction": 1.0, "norm": "none", **network},
            "neuron": {"threshold": 1.0, "beta": 0.9},
            "init": {"kind": "kaiming", "gain": 0.33},
            "training": {
                "optimizer": {"kind": "adam"},
                "learning_rate": 0.003,
                "schedule": {"kind": "constant"},
                "epochs": 6,
            },
            "seed": seed,
        }
    )


def test_the_default_sweep_has_the_designs_that_it_had() -> None:
    """Runs keep their names: nothing that a sweep learnt to say is in them unless it is said."""
    for point in sweep_points(SkipSweep(seeds=2)):
        code = {"DSC": adjacency.DSC, "ASC": adjacency.ASC}[point.type]
        whole = literal(adjacency.with_n_skip(4, point.n_skip, code, point.design.seed), point.design.seed)
        assert point.design == (ann_twin(whole) if point.ann else whole)
        assert point.control is None


def test_what_is_said_of_training_and_twins_reaches_the_designs() -> None:
    sweep = SkipSweep.check(
        {"seeds": 1, "optimizer": "sgd", "learning_rate": 0.1, "batch_size": 32, "shift": 1, "twin_gain": 1}
    )
    plain = [p.design for p in sweep_points(SkipSweep(seeds=1))]
    for point, before in zip(sweep_points(sweep), plain, strict=True):
        changed = {"training.optimizer.kind", "training.optimizer.momentum", "training.optimizer.weight_decay"}
        changed |= {"training.optimizer.beta1", "training.optimizer.beta2", "training.learning_rate"}
        changed |= {"training.batch_size", "data.augment.shift"} | ({"init.gain"} if point.ann else set())
        assert set(differences([before, point.design])) == changed


def wide(design: Design, channels: int) -> Design:
    return design.model_copy(update={"network": design.network.model_copy(update={"channels": channels})})


@settings(max_examples=12, deadline=None)
@given(
    channels=st.integers(1, 20),
    depth=st.integers(2, 6),
    n_skip=st.integers(1, 5),
    kind=st.sampled_from(["dsc", "asc"]),
    fraction=st.sampled_from([0.25, 0.5, 1.0]),
    norm=st.sampled_from(["none", "batch"]),
    data=st.sampled_from(["digits", "mnist"]),
)
def test_no_plain_block_is_nearer_than_the_control(
    channels: int, depth: int, n_skip: int, kind: Any, fraction: float, norm: Any, data: str
) -> None:
    """Every width is tried; operations are those that costs are counted from, parameters the network's own."""
    sweep = SkipSweep.check(
        {"channels": channels, "depth": depth, "most_skips": n_skip, "types": kind, "dsc_fraction": fraction}
        | {"norm": norm, "data": data, "seeds": 1, "twins": "without", "controls": "with"}
    )
    found = [p for p in sweep_points(sweep) if p.n_skip == sweep.counts[-1]]
    [skips] = [p.design for p in found if p.control is None]
    counts: dict[Control, Callable[[Design], int]] = {
        "parameters": costs.parameter_count,
        "operations": operations.dense_operations,
    }
    for control, count in counts.items():
        [plain] = [p.design for p in found if p.control == control]
        assert set(differences([skips, plain])) <= {"network.edges", "network.channels"}
        assert not any(map(any, edges(plain)))
        wanted, near = count(skips), range(1, 4 * channels + 2)
        sizes = [count(wide(plain, width)) for width in near]
        assert sizes[-1] > wanted  # and they rise, so that those beyond are further away
        assert abs(count(plain) - wanted) == min(abs(size - wanted) for size in sizes)
        matched = match_control(skips, control)
        assert matched.mismatch == pytest.approx(count(plain) / wanted - 1)
        assert (matched.size.parameters, matched.size.operations) == (
            costs.parameter_count(plain),
            operations.dense_operations(plain),
        )
        if kind == "asc":
            assert plain == change(skips, {"network.edges": adjacency.sequential(depth)})


def test_three_dsc_stand_beside_twelve_plain_channels() -> None:
    """7,162 parameters and 2.22 M operations; 12 channels have 7,282 and 2.01 M, 13 channels 2.36 M."""
    sweep = SWEEPS["small"]
    assert (sweep.gain, sweep.controls) == (2, "with")
    widths = {
        (p.type, p.n_skip, p.control): block.channels
        for p in sweep_points(sweep)
        if p.control and isinstance(block := p.design.network, BlockNetwork)
    }
    assert widths["DSC", 3, "parameters"] == 12
    assert widths["DSC", 3, "operations"] == 13
    assert widths["ASC", 3, "parameters"] == widths["ASC", 3, "operations"] == 8
    assert not any(p.control for p in sweep_points(sweep) if p.n_skip == 0)
    assert {p.design.seed for p in sweep_points(sweep) if p.control} == set(range(4))
    assert any(p.control and p.ann for p in sweep_points(sweep))
    assert len(distinct_designs(sweep_points(sweep))) == 4 * 2 * (
        7 + 4
    )  # widths of 10 to 13; without skips it is its own control


def test_a_preset_named_after_recordings_has_the_papers_training() -> None:
    """Benmeziane et al. 2023, CIFAR10-DVS: SGD at .025, momentum .9, 100 epochs; not the 200 of CIFAR-10."""
    training = sweep_points(SWEEPS["CIFAR10-DVS"])[0].design.training
    assert (training.optimizer.kind, training.optimizer["momentum"]) == ("sgd", 0.9)
    assert (training.learning_rate, training.epochs) == (0.025, 100)


def test_only_the_skips_and_the_seed_differ() -> None:
    spiking = [p.design for p in sweep_points(SkipSweep()) if not p.ann]
    assert set(differences(spiking)) == {"network.edges", "seed"}


@pytest.mark.parametrize(("kind", "code"), [("dsc", adjacency.DSC), ("asc", adjacency.ASC)])
def test_each_layer_takes_as_many_skips_as_it_has_room_for(kind: Any, code: int) -> None:
    for point in sweep_points(SkipSweep(types=kind, twins="without")):
        assert point.type == kind.upper()
        matrix = edges(point.design)
        for j in range(1, 5):
            column = [row[j] for row in matrix]
            assert column.count(code) == min(point.n_skip, j - 1)
            assert sum(column) == code * column.count(code)


def test_more_skips_than_there_is_room_for_are_left_out() -> None:
    assert SkipSweep(most_skips=7, depth=3).counts == range(3)
    assert max(p.n_skip for p in sweep_points(SkipSweep(most_skips=7, depth=8, seeds=1))) == 7


def test_dsc_costs_more_macs_and_asc_as_many_as_no_skips() -> None:
    found = {(p.type, p.n_skip): costs.macs_per_step(p.design) for p in sweep_points(SkipSweep(seeds=1)) if not p.ann}
    assert found["ASC", 3] == found["ASC", 0] == found["DSC", 0] < found["DSC", 1] < found["DSC", 3]
    widest = next(p.design for p in sweep_points(SkipSweep(types="dsc", seeds=1)) if p.n_skip == 3)
    assert [layer.in_shape[0] for layer in build_architecture(widest).layers[1:5]] == [8, 16, 24, 32]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("most_skips", 8, "most_skips must be a whole number from 0 to 7, got 8"),
        ("types", "DSC", "types must be one of both, dsc, asc, got 'DSC'"),
        ("data", "minst", "data must be one of digits, mnist, fashion-mnist"),
        ("seed", 1, "seed must be a field of a sweep, got 1; did you mean 'seeds'?"),
    ],
)
def test_bad_sweeps_get_a_sentence(field: str, value: object, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        SkipSweep.check({field: value})
    assert str(error.value).startswith(sentence)
