"""The sweep over skips from the command line: the runs of the page, trained in the background and waited for."""

from __future__ import annotations

import os
import pty
import re
import signal
from pathlib import Path

import pytest

from snnviz.cli.following import failures_text
from snnviz.design.experiment import distinct_designs
from snnviz.events import EpochEnd
from snnviz.jobs.immediate import Immediate
from snnviz.jobs.local import Local
from snnviz.store import Run, Store
from snnviz.studies.skips.charts.controls import sentences
from snnviz.studies.skips.charts.skips import skip_means
from snnviz.studies.skips.command import sweeping
from snnviz.studies.skips.command.sweeping import read_range
from snnviz.studies.skips.sweep import SkipSweep, sweep_points
from snnviz.theory.operations import OperationCounts
from tests.cli.conftest import Snnviz, process
from tests.results import made_result
from tests.waiting import until

TINY = SkipSweep(most_skips=1, seeds=1, depth=2, channels=2, steps=2, train_samples=100, epochs=1)
FIELDS = [f"--set={name}={getattr(TINY, name)}" for name in ("depth", "channels", "steps", "train_samples", "epochs")]
ARGUMENTS = ("sweep", "--n-skip", "1", "--seeds", "1", *FIELDS)
LONG = ("sweep", "--type", "asc", "--n-skip", "0", "--seeds", "2", "--set", "epochs=300", "--set", "twins=without")


def test_it_trains_what_is_missing_and_says_what_the_page_draws(snnviz: Snnviz, shared: Store) -> None:
    designs = distinct_designs(sweep_points(TINY))
    first = Immediate(shared).submit(designs[0]).run
    answer = snnviz(*ARGUMENTS, "--json")
    assert (answer.code, answer.err) == (0, "")
    found = answer.json
    assert found["sweep"] == TINY.model_dump(mode="json")
    assert [(row["n_skip"], row["type"]) for row in found["points"]] == [(0, None), (1, "DSC"), (1, "ASC")]
    assert {run.run for run in shared.runs()} == {design.digest for design in designs}
    assert shared.get(first).attempt == 1
    for row in found["points"]:
        assert row["seeds"] == 1
        snn, ann = row["runs"]
        assert (snn["ann"], ann["ann"], snn["state"], ann["state"]) == (False, True, "done", "done")
        ends = shared.last_rows(EpochEnd, [snn["run"], ann["run"]])
        accuracy, of_twin = ends[snn["run"]].test_accuracy, ends[ann["run"]].test_accuracy
        assert (row["accuracy"], row["ann_accuracy"]) == (accuracy, of_twin)
        assert row["drop"] == pytest.approx(100 * (of_twin - accuracy))
        assert row["accuracy_sd"] is None
        assert 0 <= row["eff_macs"] + row["eff_acs"] <= row["dense"]
        assert not row["estimated"]
        assert (row["convention"], row["energy"]) == ("additions", row["energy_additions"])
        assert row["macs"] <= row["eff_macs"]

    before = shared.version()
    again = snnviz(*ARGUMENTS)
    assert shared.version() == before  # nothing was trained again
    assert (again.code, again.err) == (0, "")
    *lines, convention, caveat = again.out.splitlines()
    assert convention.startswith("Additions: conv(a + b) = conv(a) + conv(b)")
    counted = "64 training images, 6 or 7 of each class that has as many, drawn by the seed"
    assert convention.endswith(f" Counted on {counted}.")
    assert answer.json["probe"] == counted
    assert "not a chip measurement" in caveat
    assert lines[0].split()[:3] == ["n_skip", "type", "seeds"]
    assert [line.split()[:3] for line in lines[1:]] == [["0", "-", "1"], ["1", "DSC", "1"], ["1", "ASC", "1"]]
    assert re.search(r" \d+\.\d % +\d+\.\d % +-?\d+\.\d pp ", lines[1])


def test_only_what_is_asked_for_is_trained_and_shown(snnviz: Snnviz, shared: Store) -> None:
    answer = snnviz("sweep", "--type", "ASC", "--n-skip", "1..1", "--seeds", "2", "--set", "twins=without", *FIELDS)
    swept = sweep_points(TINY.model_copy(update={"types": "asc", "seeds": 2, "twins": "without"}))
    assert {run.run for run in shared.runs()} == {p.design.digest for p in swept if p.n_skip == 1}
    [header, line, *_] = answer.out.splitlines()
    assert "ANN" not in header
    assert line.split()[:3] == ["1", "ASC", "2"]
    assert "±" in line
    assert "±: standard deviation over seeds." in answer.out.splitlines()


def test_more_skips_than_there_is_room_for_are_left_out_and_said_to_be(snnviz: Snnviz, shared: Store) -> None:
    for design in distinct_designs(sweep_points(TINY)):
        Immediate(shared).submit(design)
    answer = snnviz("sweep", "--n-skip", "5", "--seeds", "1", *FIELDS)
    assert answer.err == "A block of 2 layers has room for n_skip up to 1.\n"
    assert len(answer.out.splitlines()) == 6


def test_a_range_is_from_nothing_unless_it_says_so() -> None:
    assert [read_range(text) for text in ("0", "3", "0..3", " 2..2 ")] == [(0, 0), (0, 3), (0, 3), (2, 2)]


def test_controls_are_a_table_of_their_own_and_what_is_left_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """With made-up results: plain blocks reach 50 %, skips two points more with each."""
    sweep = SkipSweep(seeds=3, most_skips=2, types="dsc", controls="with", twins="without")
    swept = sweep_points(sweep)
    accuracies = {
        p.design.digest: 0.5 + (0.02 * p.n_skip + 0.001 * (p.design.seed - 1) if not p.control else 0.0)
        for p in swept[::-1]
    }
    counts = OperationCounts(9000, 1000, 5000, 2500, 2000)
    results = {digest: made_result(accuracy, 0.2, 0.004, counts) for digest, accuracy in accuracies.items()}
    rows, said = skip_means(swept, results), sentences(swept, results)
    runs: dict[str, Run] = {}
    sweeping._print_sweep(sweep, swept, runs, rows, said, "", False)
    _, below = capsys.readouterr().out.split("Plain blocks of equal size")
    lines = [line.split() for line in below.splitlines()[2:6]]
    assert [line[2] for line in lines] == ["parameters", "operations"] * 2
    assert lines[2][3:8] == ["11", "6,280", "for", "6,586", "-4.6%"]
    assert "+4.0 (+3.8 to +4.2) pp" in below
    assert (
        "2 DSC skips over a plain block of equal parameters: +4.0 points (95 %: +3.8 to +4.2, 3 seeds), told apart."
        in below
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--type", "csd"), "types must be one of both, dsc, asc, got 'csd'"),
        (("--n-skip", "3..1"), "n_skip must be a number from 0 to 7 or a range of them such as 0..3, got '3..1'"),
        (("--n-skip", "8"), "n_skip must be a number from 0 to 7 or a range"),
        (("--n-skip", "١"), "n_skip must be a number from 0 to 7 or a range"),
        (("--n-skip", "1.."), "n_skip must be a number from 0 to 7 or a range"),
        (("--n-skip", "5..6"), "n_skip must be at most 3 in a block of 4 layers, got '5..6'"),
        (("--seeds", "11"), "seeds must be a whole number from 1 to 10, got 11"),
        (("--seeds", "two"), "seeds must be a whole number from 1 to 10, got 'two'"),
        (("--data", "minst"), "data must be one of digits, mnist, fashion-mnist, cifar10, cifar100, "),
        (("--set", "sed=3"), "sed must be a field of a sweep, got 3; did you mean 'seeds'?"),
        (("--set", "seeds=2", "--seeds", "3"), "seeds must be given once, got '2'"),
        (("--set", "epochs"), "--set must have the form path=value, got 'epochs'"),
        (("--count", "synops"), "count must be one of additions, neurobench, got 'synops'"),
        (("more",), "Got unexpected extra argument (more)"),
        (("--set", "channels=256", "--set", "depth=20", "--set", "steps=50"), "depth must be"),
    ],
)
def test_bad_input_is_one_line(snnviz: Snnviz, arguments: tuple[str, ...], sentence: str) -> None:
    assert snnviz("sweep", *arguments).sentence.startswith(sentence)
    assert Store().runs() == []


def test_where_one_run_is_too_large_none_is_left_queued(
    snnviz: Snnviz, shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the second that is submitted."""
    monkeypatch.setattr("snnviz.jobs.engine.machine.free_bytes", lambda: 1000 if shared.runs() else 10**12)
    assert snnviz(*ARGUMENTS).sentence.startswith("design must fit into the 0.0 GB of memory that are free")
    assert [run.state for run in until(lambda: [r for r in shared.runs() if r.ended])] in (["cancelled"], ["done"])


@pytest.mark.usefixtures("shared")
def test_a_run_that_fails_ends_with_exit_code_1(
    snnviz: Snnviz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path / "nothing"))
    answer = snnviz(*ARGUMENTS, "--data", "nmnist", "--set", "twins=without", "--json")
    assert answer.code == 1
    assert [run["state"] for row in answer.json["points"] for run in row["runs"]] == ["failed"] * 3
    assert {row["accuracy"] for row in answer.json["points"]} == {None}
    assert re.match(r"3 of 3 runs failed: the first of them, [0-9a-f]{16}: .*N-MNIST.*\n$", answer.err), answer.err
    human = snnviz(*ARGUMENTS, "--data", "nmnist", "--set", "twins=without")
    assert (human.code, len(human.out.splitlines())) == (1, 6)


def test_ctrl_c_cancels_what_was_queued_here_and_says_how_to_go_on(shared: Store) -> None:
    theirs, mine = distinct_designs(
        sweep_points(SkipSweep(types="asc", most_skips=0, seeds=2, epochs=300, twins="without"))
    )
    Local(shared, children=2).submit(theirs)
    waiting = process(*LONG)
    until(lambda: len(shared.runs()) == 2 and shared.get(mine.digest).state == "running")
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 130
    assert out.startswith("n_skip")  # what there is, here nothing but "-"
    assert (
        err == "\nStopped: 1 run cancelled, 1 run queued elsewhere left alone; the same command goes on from there.\n"
    )
    until(lambda: shared.get(mine.digest).state == "cancelled")
    assert shared.get(theirs.digest).state == "running"
    Local(shared).cancel(theirs.digest)
    until(lambda: shared.get(theirs.digest).ended)
    assert failures_text({name: shared.get(name) for name in (theirs.digest, mine.digest)}) == (
        "2 of 2 runs cancelled; the same command goes on with them."
    )


@pytest.mark.usefixtures("shared")
def test_on_a_terminal_a_bar_says_how_far_it_all_is() -> None:
    terminal, end = pty.openpty()
    running = process(*ARGUMENTS, "--type", "dsc", "--set", "twins=without", stderr=end)
    os.close(end)
    said = b""
    try:
        while piece := os.read(terminal, 4096):
            said += piece
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(terminal)
    out, _ = running.communicate(timeout=60)
    assert (running.returncode, len(out.splitlines())) == (0, 5)
    assert re.search(r"0 of 2 runs done, about [\d a-z]+ left", said.decode())
    assert "2 of 2 runs done" in said.decode()
