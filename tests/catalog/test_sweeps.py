"""A sweep over skips is ordinary designs: what differs between them is what is swept."""

from __future__ import annotations

from typing import Any

import pytest

from snnviz import adjacency
from snnviz.catalog.architectures import architecture
from snnviz.catalog.sweeps import SWEEPS, SkipSweep, distinct, points
from snnviz.catalog.twins import ann_twin
from snnviz.design import BlockNetwork, Design
from snnviz.errors import InputError
from snnviz.links import differences
from snnviz.theory import costs


def edges(design: Design) -> adjacency.Edges:
    assert isinstance(design.network, BlockNetwork)
    return design.network.edges


def test_every_type_count_and_seed_has_a_spiking_network_and_its_twin() -> None:
    found = points(SkipSweep(seeds=2))
    spiking, twins = found[::2], found[1::2]
    assert [(p.design.seed, p.n_skip, p.type) for p in spiking] == [
        (seed, n, kind) for seed in (0, 1) for n in range(4) for kind in ("DSC", "ASC")
    ]
    assert all(not one.ann and other.ann for one, other in zip(spiking, twins, strict=True))
    assert [p.design for p in twins] == [ann_twin(p.design) for p in spiking]
    assert len(distinct(found)) == 2 * 2 * 7  # without skips DSC and ASC are one design


def test_its_small_setting_is_that_of_the_study() -> None:
    """Digits, 8 channels, 4 layers, 6 steps, leak 0.9, 1,000 images, 6 epochs, Adam at 3e-3; n Var[w] about 1/3."""
    design = points(SWEEPS["small"])[0].design
    assert isinstance(design.network, BlockNetwork)
    assert (design.data.name, design.data.steps, design.data.train_samples) == ("digits", 6, 1000)
    assert (design.network.depth, design.network.channels, design.network.dsc_fraction) == (4, 8, 1)
    assert (design.neuron.beta, design.neuron.threshold) == (0.9, 1)
    assert (design.training.optimizer.kind, design.training.learning_rate) == ("adam", 0.003)
    assert design.training.epochs == 6
    assert dict(design.init) == {"kind": "kaiming", "gain": 0.33}


def test_only_the_skips_and_the_seed_differ() -> None:
    spiking = [p.design for p in points(SkipSweep()) if not p.ann]
    assert set(differences(spiking)) == {"network.edges", "seed"}


@pytest.mark.parametrize(("kind", "code"), [("dsc", adjacency.DSC), ("asc", adjacency.ASC)])
def test_each_layer_takes_as_many_skips_as_it_has_room_for(kind: Any, code: int) -> None:
    for point in points(SkipSweep(types=kind, twins="without")):
        assert point.type == kind.upper()
        matrix = edges(point.design)
        for j in range(1, 5):
            column = [row[j] for row in matrix]
            assert column.count(code) == min(point.n_skip, j - 1)
            assert sum(column) == code * column.count(code)


def test_more_skips_than_there_is_room_for_are_left_out() -> None:
    assert SkipSweep(most_skips=7, depth=3).counts == range(3)
    assert max(p.n_skip for p in points(SkipSweep(most_skips=7, depth=8, seeds=1))) == 7


def test_dsc_costs_more_macs_and_asc_as_many_as_no_skips() -> None:
    found = {(p.type, p.n_skip): costs.macs(p.design) for p in points(SkipSweep(seeds=1)) if not p.ann}
    assert found["ASC", 3] == found["ASC", 0] == found["DSC", 0] < found["DSC", 1] < found["DSC", 3]
    widest = next(p.design for p in points(SkipSweep(types="dsc", seeds=1)) if p.n_skip == 3)
    assert [layer.in_shape[0] for layer in architecture(widest).layers[1:5]] == [8, 16, 24, 32]


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
