"""What is said of an experiment before it is trained, and how right that was."""

from __future__ import annotations

import time

from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.studies.tradeoffs import previewing
from snnviz.theory import costs, verdicts


def test_a_forecast_is_the_designs_own_and_silence_is_counted() -> None:
    asked = Experiment.check({"vary": ["neuron.threshold=0.5,10", "init=kaiming"], "base": Design(seed=3), "seeds": 2})
    known = previewing.forecasts(asked.groups())
    for levels, design in asked.groups().items():
        assert known[levels].parameters == costs.parameter_count(design)
        assert known[levels].macs == costs.macs_per_step(design)
        assert known[levels].silent == verdicts.silent_layers(design)
    assert [bool(one.silent) for one in known.values()] == [False, True]
    assert previewing.silent_text(known, 2).startswith("1 of 2 groups is forecast to be silent ")
    few = asked.model_copy(update={"vary": ("neuron.threshold=0.5,1",)})
    assert previewing.silent_text(previewing.forecasts(few.groups()), 2) == ""


def test_forecasts_that_take_long_come_bit_by_bit() -> None:
    asked = Experiment.check({"vary": ["neuron.threshold=0.611,0.612,0.613"]})
    counts = [len(previewing.forecasts(asked.groups(), 0.0)) for _ in range(4)]
    assert counts[0] >= 1
    assert counts[-1] == 3 or counts == sorted(counts)


def test_forty_designs_are_previewed_within_300_ms() -> None:
    """In this thread's own time: others may be at work."""
    previewing.forecasts(Experiment.check({"vary": ["neuron.threshold=0.5,0.6"]}).groups())
    begin = time.thread_time()
    asked = Experiment.check({"vary": ["neuron.threshold=0.7..1.3/10", "neuron.beta=0.2..0.8/4"], "seeds": 3})
    found = previewing.forecasts(asked.groups())
    digests = {run.design.digest for run in asked.runs()}
    assert time.thread_time() - begin < 0.6  # measured: 0.25
    assert (len(found), len(digests)) == (40, 120)


def test_it_is_said_how_often_the_forecast_was_right() -> None:
    asked = Experiment.check({"vary": ["neuron.threshold=0.5,10"], "base": {"init": "kaiming"}, "seeds": 2})
    silent: dict[str, float | None] = {}
    assert previewing.check_forecast(asked, silent).words == ""
    for run in asked.runs():
        silent[run.design.digest] = 2.0 if run.levels == (1,) and run.seed == 0 else 0.0
    found = previewing.check_forecast(asked, silent)
    assert (found.silent_right, found.silent_wrong, found.active_right, found.active_wrong) == (1, 1, 2, 0)
    assert found.words == (
        "The forecast was right of 3 of 4 runs: of 2 forecast to have a silent layer, 1 had one before training, "
        "of 2 forecast to spike in every layer, none had a silent one."
    )
    assert previewing.check_forecast(asked, dict.fromkeys(silent)).count == 0  # an ANN is never silent
