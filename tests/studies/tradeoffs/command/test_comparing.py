"""`compare`: two designs by seed, from runs that are there and from those that it trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy import stats

from snnviz.cli.following import Runs
from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.design.links import to_query
from snnviz.events import EpochEnd
from snnviz.store import Run, Store
from snnviz.studies.tradeoffs.command import comparing
from snnviz.studies.tradeoffs.pairing import NO_PREDICTIONS, OTHER_IMAGES, pairs
from snnviz.theory.metrics import METRICS
from snnviz.theory.predictions import pack_predictions
from tests.cli.conftest import Snnviz
from tests.conftest import MakeDesign
from tests.store.test_metrics import end_run

IMAGES = 50
LABELS = np.arange(IMAGES) % 10


def end_with(store: Store, design: Design, right: int, *, predictions: bool = True, first: int = 0) -> Run:
    """A run that tells so many images right, from number `first` on."""
    said = np.where((np.arange(IMAGES) >= first) & (np.arange(IMAGES) < first + right), LABELS, 99)
    rows = [EpochEnd(1, 0.9, right / IMAGES, 0.1, 1 - right / IMAGES, 0.3, 0.01)]
    more = [pack_predictions(1, design.data.name, said, LABELS)] if predictions else []
    return end_run(store, design, *more, *rows, seconds=1.0 + design.seed)


def made(store: Store, tiny: MakeDesign, a: Sequence[int], b: Sequence[int], **more: bool) -> tuple[str, str]:
    """Runs of two designs that tell so many images right, a seed each; the links of both."""
    for seed, (one, other) in enumerate(zip(a, b, strict=True)):
        end_with(store, tiny(seed), one, **more)
        end_with(store, tiny(seed, learning_rate=0.02), other, **more)
    return f"?{to_query(tiny())}", f"?{to_query(tiny(learning_rate=0.02))}"


RIGHT: Mapping[tuple[int, int], tuple[int, ...]] = {
    (0, 0): (30, 32, 31), (1, 0): (36, 36, 38),  # level A and level B at the first batch size, a seed each
    (0, 1): (20, 21, 25), (1, 1): (22, 25, 24),
    (0, 2): (10, 14, 12), (1, 2): (15, 20, 13),
}  # fmt: skip
"""Images told right, by the levels of the learning rate and of the batch size."""


def asked_of(tiny: MakeDesign) -> Experiment:
    return Experiment(base=tiny(), vary=("training.learning_rate=0.01,0.02", "training.batch_size=10,15,20"), seeds=3)


def fill(store: Store, asked: Experiment, *, without: tuple[tuple[tuple[int, int], int], ...] = ()) -> None:
    for levels in asked.groups():
        for seed, right in enumerate(RIGHT[levels[0], levels[1]]):
            if ((levels[0], levels[1]), seed) not in without:
                end_with(store, asked.design_of(levels, seed), right)


def test_pairs_and_every_metric(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    a, b = made(shared, tiny, (30, 32, 31), (34, 35, 36))
    before = shared.version()
    found = snnviz("compare", a, b, "--seeds", "3", "--json").json
    assert shared.version() == before  # nothing was trained
    expected = [{"seed": seed, "a": tiny(seed).digest, "b": tiny(seed, learning_rate=0.02).digest} for seed in range(3)]
    assert found["pairs"] == expected
    assert list(found["metrics"]) == list(METRICS.names)
    accuracy = found["metrics"]["accuracy"]
    interval = stats.ttest_rel([34, 35, 36], [30, 32, 31]).confidence_interval(0.95)
    assert accuracy["difference"] == pytest.approx(4 / IMAGES)
    assert (accuracy["low"], accuracy["high"]) == (pytest.approx(interval.low / 50), pytest.approx(interval.high / 50))
    assert (accuracy["level"], accuracy["seeds"], accuracy["method"]) == (0.95, 3, "paired t")
    assert accuracy["verdict"] == found["metrics"]["loss"]["verdict"] == "better"
    assert accuracy["pairs"][0] == {"seed": 0, "a": 0.6, "b": 0.68}
    parameters = found["metrics"]["parameters"]
    assert (parameters["method"], parameters["difference"], parameters["verdict"]) == ("exact", 0, "not told apart")
    assert found["metrics"]["seconds"]["method"] == "none"  # the same at each seed, which says nothing
    assert found["metrics"]["energy"]["low"] is None
    assert (found["test_images"]["only_a"], found["test_images"]["only_b"]) == (0, 12)


def test_the_text_has_table_and_sentences(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    a, b = made(shared, tiny, (30, 32, 31), (34, 35, 36))
    answer = snnviz("compare", a, b, "--seeds", "3")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0].split() == ["A", "B", "B", "-", "A", "95", "%", "verdict"]
    assert " ".join(lines[1].split()) == "Test accuracy 62.0 % 70.0 % +8 points +3.03 to +13 better"
    assert "Test accuracy: B is better by 8.0 points (95 %: 3.0 to 13.0; 3 seeds)." in lines
    assert lines[-1].startswith(
        "The two disagree on 12 of 150 test images over 3 seeds (A alone is right on 0, B alone"
    )


def test_where_all_differences_are_equal_the_images_stand(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    a, b = made(shared, tiny, (30, 30, 30), (42, 42, 42))
    accuracy = snnviz("compare", a, b, "--seeds", "3", "--json").json["metrics"]["accuracy"]
    assert (accuracy["method"], accuracy["verdict"]) == ("test images alone", "better")
    assert 0.1 < accuracy["low"] < 0.24 < accuracy["high"] < 0.4


def test_runs_of_before_have_no_predictions(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    a, b = made(shared, tiny, (30, 32, 31), (34, 35, 36), predictions=False)
    answer = snnviz("compare", a, b, "--seeds", "3")
    assert answer.out.splitlines()[-1] == NO_PREDICTIONS
    assert snnviz("compare", a, b, "--seeds", "3", "--json").json["test_images"] is None


def test_other_test_images_are_no_pair(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    more = Design.check({**tiny().document(), "data": {"train_samples": 200, "test_samples": 60, "steps": 2}})
    end_with(shared, tiny(), 30)
    end_run(
        shared, more, pack_predictions(1, "digits", LABELS[:20], LABELS[:20]), EpochEnd(1, 0.9, 0.7, 1, 1, 0.1, 0.1)
    )
    answer = snnviz("compare", f"?{to_query(tiny())}", f"?{to_query(more)}", "--seeds", "1")
    assert answer.out.splitlines()[-1] == OTHER_IMAGES


def test_a_run_stands_for_its_design(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    _, b = made(shared, tiny, (30, 32), (34, 35))
    found = snnviz("compare", tiny(1).digest, b, "--seeds", "1", "--json").json
    assert [pair["seed"] for pair in found["pairs"]] == [1]


def test_until_decided_stops_at_the_look_that_decides(
    snnviz: Snnviz, shared: Store, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seed by seed: what is not there is trained only where it is looked at."""
    a, b = made(shared, tiny, (20, 22, 21, 23, 20, 21, 22, 20), (30, 27, 34, 31, 31, 29, 33, 30))
    asked: list[int] = []

    def train(store: Store, tasks: Sequence[Design], **_: object) -> Runs:
        asked.append(len(tasks) // 2)
        return Runs(store.get_many(task.digest for task in tasks))

    monkeypatch.setattr(comparing, "train", train)
    found = snnviz("compare", a, b, "--until-decided", "--seeds", "8", "--json").json
    last = asked[-1]
    assert asked == list(range(3, last + 1))
    assert 3 < last < 8
    accuracy = found["metrics"]["accuracy"]
    assert (accuracy["verdict"], accuracy["method"], accuracy["seeds"]) == ("better", "anytime t", last)
    assert found["at_most"] == 8
    usual = snnviz("compare", a, b, "--seeds", str(last), "--json").json["metrics"]["accuracy"]
    assert accuracy["high"] - accuracy["low"] > 1.3 * (usual["high"] - usual["low"])
    told = snnviz("compare", a, b, "--until-decided", "--seeds", "8").out
    assert f"Decided after {accuracy['seeds']} seeds." in told


def test_what_is_not_decided_is_said(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    a, b = made(shared, tiny, (30, 32, 31, 29), (31, 30, 32, 30))
    told = snnviz("compare", a, b, "--until-decided", "--seeds", "4").out
    assert "Test accuracy: not told apart: " in told
    assert "Not decided by 4 seeds, the most that were asked for." in told


def test_several_are_corrected(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    a, b = made(shared, tiny, (30, 32, 31), (34, 35, 36))
    third = tiny(learning_rate=0.03)
    for seed, right in enumerate((30, 33, 29)):
        end_with(shared, tiny(seed, learning_rate=0.03), right)
    found = snnviz("compare", a, b, f"?{to_query(third)}", "--seeds", "3", "--json").json["comparisons"]
    alone = snnviz("compare", a, b, "--seeds", "3", "--json").json["metrics"]["accuracy"]
    accuracy = found[0]["metrics"]["accuracy"]
    assert accuracy["high"] - accuracy["low"] > 1.3 * (alone["high"] - alone["low"])
    assert accuracy["p"] == pytest.approx(2 * alone["p"])
    assert [each["name"] for each in found] == [b, f"?{to_query(third)}"]
    assert (
        "2 comparisons with A: intervals by Bonferroni, p by Holm."
        in snnviz("compare", a, b, f"?{to_query(third)}", "--seeds", "3").out
    )


def test_it_trains_what_is_missing(snnviz: Snnviz, shared: Store, tiny: MakeDesign) -> None:
    a, b = f"?{to_query(tiny())}", f"?{to_query(tiny(learning_rate=0.02))}"
    found = snnviz("compare", a, b, "--seeds", "2", "--json").json
    assert {run.run for run in shared.runs()} == {run[side] for run in found["pairs"] for side in ("a", "b")}
    assert found["test_images"]["images"] == 100
    assert found["metrics"]["rate"]["low"] is not None


BAD: Mapping[tuple[str, ...], str] = {
    ("digits", "digits"): "B must differ from A in more than its seed",
    ("digits", "?seed=7"): "B must differ from A in more than its seed",
    ("digits", "?neuron.threshold=1.5", "--seeds", "0"): "--seeds must be 1 to 100, got '0'",
    ("digits", "?neuron.threshold=1.5", "--seeds", "many"): "--seeds must be 1 to 100, got 'many'",
    ("digits", "?neuron.threshold=1.5", "--seeds", "1000000000"): "--seeds must be 1 to 100",
    ("digits", "?neuron.threshold=1.5", "--by", "beauty"): "--by must be one of accuracy, loss",
    ("digits", "?neuron.threshold=99"): "neuron.threshold must",
    ("digits", "nothing-such"): "design must",
    ("digits", "?neuron.threshold=1.5", "?neuron.threshold=2", "--until-decided"): "--until-decided must compare two",
    ("0123456789abcdef", "digits"): "run must be the name of a run",
}


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_input_is_a_sentence_and_nothing_is_queued(
    snnviz: Snnviz, shared: Store, arguments: tuple[str, ...]
) -> None:
    assert BAD[arguments] in snnviz("compare", *arguments).sentence
    assert shared.runs() == []


def test_pairs_have_the_seeds_of_a(tiny: MakeDesign) -> None:
    found = pairs(tiny(5), tiny(2, learning_rate=0.02), 3)
    assert [(pair.seed, pair.a.seed, pair.b.seed) for pair in found] == [(5, 5, 5), (6, 6, 6), (7, 7, 7)]
    last = pairs(tiny(2**31 - 1), tiny(learning_rate=0.02), 2)
    assert [Design.check(pair.b.document()).seed for pair in last] == [2**31 - 2, 2**31 - 1]


def test_two_designs_in_every_combination_of_what_varies_are_pooled_by_seed(
    snnviz: Snnviz, shared: Store, tiny: MakeDesign
) -> None:
    asked = asked_of(tiny)
    fill(shared, asked)
    a, b = (f"?{to_query(tiny(learning_rate=rate))}" for rate in (0.01, 0.02))
    vary = ("--vary", "training.batch_size=10,15,20", "--seeds", "3")
    found = snnviz("compare", a, b, *vary, "--json").json
    by_seed = [sum(RIGHT[1, n][seed] - RIGHT[0, n][seed] for n in range(3)) / 150 for seed in range(3)]
    interval = stats.ttest_1samp(by_seed, 0).confidence_interval(0.95)
    accuracy = found["metrics"]["accuracy"]
    assert (accuracy["low"], accuracy["high"]) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert (accuracy["seeds"], accuracy["combinations"], accuracy["method"]) == (3, 3, "paired t")
    assert [pair["b"] - pair["a"] for pair in accuracy["pairs"]] == pytest.approx(by_seed)
    assert (found["combinations"], found["pairs_asked"], len(found["pairs"])) == (3, 9, 9)
    told = snnviz("compare", a, b, *vary)
    assert (told.code, told.err) == (0, "")
    assert "so 3 seeds, not 9 pairs, say how certain the mean is" in told.out
    more = snnviz("compare", a, b, f"?{to_query(tiny(learning_rate=0.03))}", *vary[:2], "--seeds", "0")
    assert "--seeds must be 1 to 100" in more.sentence
    same = snnviz("compare", a, b, "--vary", "training.learning_rate=0.1,0.2")
    assert "B must differ from A in more than its seed" in same.sentence
