"""What runs are called beside each other."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.graph.twins import ann_twin
from snnviz.views.runs import LONGEST, design_line, difference_table, row, run_table, short_names
from tests.designs import DESIGNS

DRAWN = "000100/000000/000002/000000/000000/000000"


def test_blocks_that_were_drawn_are_named_by_their_numbers() -> None:
    designs = [
        links.change(Design(), {"network.kind": "resnet18", "network.blocks": blocks})
        for blocks in ("", f";{DRAWN};;{DRAWN}")
    ]
    assert short_names(designs, ["", ""]) == ["1: blocks as the original", "2: blocks 2 4 drawn"]


def test_names_are_what_sets_runs_apart_from_most_of_the_others() -> None:
    """Eight thresholds and a block: the first three fields that differ anywhere are the same for all eight."""
    thresholds = (0.5, 0.75, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0)
    mlp = links.change(Design(), {"network.kind": "mlp"})
    designs = [links.change(mlp, {"neuron.threshold": threshold}) for threshold in thresholds]
    names = short_names([*designs, Design()], [""] * 9)
    assert names[:3] == ["1: threshold θ 0.5", "2: threshold θ 0.75", "3: threshold θ 1"]
    assert names[8] == "9: network block, threshold θ 1"


def test_what_two_halves_have_is_said_of_both() -> None:
    base = links.change(Design(), {"network.kind": "mlp"})
    designs = [links.change(twin, {"seed": seed}) for twin in (base, ann_twin(base)) for seed in (0, 1)]
    names = short_names(designs, [""] * 4)
    assert ["ReLU neurons" in name for name in names] == [False, False, True, True]
    assert ["LIF neurons" in name for name in names] == [True, True, False, False]
    assert all(f"seed {seed}" in name for name, seed in zip(names, (0, 1, 0, 1), strict=True))


@given(st.lists(DESIGNS, min_size=2, max_size=14))
def test_names_are_different_short_and_on_one_line(designs: list[Design]) -> None:
    names = short_names(designs, [""] * len(designs))
    assert len(set(names)) == len(designs)
    assert all(name.isprintable() and len(name) < LONGEST + 16 for name in names)
    assert len(difference_table(designs)) == len(designs)


def test_rows_that_are_not_alike_do_not_look_so_where_they_end() -> None:
    """Of a sweep whose designs differ in their seeds, which stood behind all else."""
    long = {"neuron.threshold": 0.8, "training.epochs": 6, "data.train_samples": 1000, "training.batch_size": 50}
    designs = [links.change(Design(), {**long, "seed": seed}) for seed in (1, 2, 3)]
    runs = [SimpleNamespace(design=one, title="", state="done", seconds=1.0, created=0.0, run="x") for one in designs]
    lines = list(run_table([row(run, {}) for run in runs])["design"])
    assert all(f"seed {seed}" in text[:75] for seed, text in zip((1, 2, 3), lines, strict=True))
    assert "training images 1000" in lines[0]
    assert sorted(lines[0].split(" · ")) == sorted(design_line(designs[0]).split(" · "))


def test_stacked_blocks_are_a_number() -> None:
    designs = [links.change(Design(), {"network.blocks": blocks}) for blocks in (1, 2)]
    assert short_names(designs, ["", ""]) == ["1: blocks 1", "2: blocks 2"]
