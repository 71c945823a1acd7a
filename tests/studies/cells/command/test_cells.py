"""The search of cells from the command line."""

from __future__ import annotations

import os
import pty
import re
import signal

import pytest

from snnviz.design.cells import count_connections, parse
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.studies.cells.compute.score import Scorer
from snnviz.studies.cells.scoring import Candidate, CellSearch, Scoring, distinct_candidates
from snnviz.studies.cells.theory.candidates import rank_candidates
from snnviz.theory.ranks import kendall_tau
from tests.cli.conftest import Snnviz, process
from tests.made_up import candidates
from tests.waiting import until

FIELDS = {"channels": 2, "hidden": 8, "steps": 2, "batch": 6, "best": 3, "fine_channels": 4, "fine_batch": 8}
SMALL = ("cells", "search", "--candidates", "12", *(f"--set={name}={value}" for name, value in FIELDS.items()))


def test_it_searches_and_says_what_it_found(snnviz: Snnviz, shared: Store) -> None:
    answer = snnviz(*SMALL, "--json")
    assert (answer.code, answer.err) == (0, "")
    found = answer.json
    search = CellSearch.check({"candidates": 12, **FIELDS})
    assert (found["search"], found["state"]) == (search.digest, "done")
    assert found["setting"] == search.model_dump(mode="json")
    rows = [row for _, row in shared.rows(search.digest, Candidate)]
    assert [one["number"] for one in found["candidates"]] == list(range(12))
    assert [one["sahd"] for one in found["candidates"]] == [row.sahd for row in rows[:12]]
    standings = rank_candidates(rows, "sahd")
    assert (found["different"], found["invalid"]) == (len(standings), 0)
    best, first = found["best"], standings[0]
    assert [one["rank"] for one in best] == [1, 2, 3]
    assert first.fine is not None
    assert best[0]["cell"] == first.coarse.cell
    assert best[0]["score"] == best[0]["fine"]["sahd"] == first.fine.sahd
    assert best[0]["coarse"] == {"sahd": first.coarse.sahd, "hd": first.coarse.hd}
    assert best[0].items() >= count_connections(parse(first.coarse.cell)).items()
    again = snnviz(*SMALL)
    assert again.code == 0
    assert again.out.startswith(f"12 of 12 candidates, {len(standings)} scored (the others came before), ")
    assert first.coarse.cell in again.out.splitlines()[2]
    assert f"{first.fine.sahd:.2f} ± {first.fine.sahd_sd:.2f}" in again.out
    assert again.out.splitlines()[-1] == "±: standard deviation between repeats."
    assert shared.get(search.digest).attempt == 1
    assert snnviz("show", search.digest, "--json").json == found
    shown = snnviz("show", search.digest).out
    assert shown == f"a search of 12 cells: done\n{again.out}"
    assert snnviz("runs").out == ""
    assert snnviz("runs", "--all").out == f"{search.digest}  done              cells\n"
    listed = snnviz("runs", "--all", "--json").json
    assert listed["runs"] == []
    assert [(one["run"], one["kind"], one["state"]) for one in listed["tasks"]] == [(search.digest, "cells", "done")]


def test_it_says_how_differently_normalisations_rank_its_cells(snnviz: Snnviz, shared: Store) -> None:
    search = CellSearch(candidates=60, connections="backward", best=0)
    for each in (search, *search.other_normalisations):  # as if they had been made
        shared.submit(each)
        claim = shared.claim("test", each.digest)
        assert claim is not None
        shared.append_rows(claim.run, claim.attempt, candidates(each))
        shared.finish(claim.run, claim.attempt, "done")
    arguments = ("cells", "search", "--candidates", "60", "--backward", "--set", "best=0")
    found = snnviz(*arguments, "--compare", "--json").json["normalisations"]
    assert list(found) == ["paper, code", "paper, published", "code, published"]
    own, other = (
        {row.number: row.sahd for row in candidates(each)} for each in (search, search.other_normalisations[1])
    )
    chosen = distinct_candidates(0, 30, True)
    expected = kendall_tau([own[number] or 0 for number in chosen], [other[number] or 0 for number in chosen])
    assert found["paper, published"]["tau"] == pytest.approx(expected)
    assert found["paper, published"]["count"] == 30
    assert "normalisations" not in snnviz(*arguments, "--json").json
    assert "paper, published: tau +" in snnviz(*arguments, "--compare").out


def test_backward_by_the_other_metric_and_without_scoring_again(snnviz: Snnviz) -> None:
    found = snnviz(*SMALL[:-3], "--set=best=0", "--backward", "--metric", "hd", "--json").json
    assert (found["setting"]["connections"], found["setting"]["metric"]) == ("backward", "hd")
    values = [one["coarse"]["hd"] for one in found["best"]]
    assert values == sorted(values, reverse=True)
    assert len(values) == found["different"] - found["invalid"]
    assert any(one["backward"] for one in found["best"])
    assert {one["fine"] for one in found["best"]} == {None}


def test_a_stored_scoring_is_shown(snnviz: Snnviz, shared: Store) -> None:
    setting = Scoring.check({"channels": 2, "hidden": 8, "steps": 2, "batch": 6})
    shared.submit(setting)
    assert snnviz("show", setting.digest).out == "a scoring of 0303 0030 2002 0200: queued\n"
    assert snnviz("show", setting.digest, "--json").json["state"] == "queued"
    Immediate(shared).submit(setting)
    found = snnviz("show", setting.digest, "--json").json
    assert found["score"] == Scorer(setting).score(setting.cell)["sahd"].mean
    assert "log|det K| = " in snnviz("show", setting.digest).out
    assert snnviz("cancel", setting.digest).out == f"{setting.digest} was done: done\n"
    assert snnviz("delete", setting.digest).code == 0
    assert shared.runs(of=None) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--candidates", "0"], "candidates must be a whole number from 1 to 5000, got 0"),
        (["--candidates", "many"], "candidates must be a whole number from 1 to 5000, got 'many'"),
        (["--metric", "sad"], "metric must be one of sahd, hd, got 'sad'"),
        (["--data", "nmnist"], "data must be a data set of images, not of recordings, got 'nmnist'"),
        (["--data", "nothing"], "data must be one of "),
        (["--backward", "--set", "connections=forward"], "connections must be given once, got 'forward'"),
        (["--set", "cell=0303"], "cell must be a field of a search of cells, got "),
        (["--set", "fine_batch=1"], "fine_batch must be a whole number from 2 to 512, got 1"),
        (
            ["--set", "channels=256", "--set", "steps=50", "--set", "size=64", "--set", "batch=512"],
            "setting must fit into",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(snnviz: Snnviz, arguments: list[str], sentence: str) -> None:
    assert snnviz("cells", "search", *arguments).sentence.startswith(sentence)


LONG = (
    "cells",
    "search",
    "--candidates",
    "600",
    "--backward",
    "--set=channels=8",
    "--set=best=2",
    "--set=fine_batch=8",
)


def test_on_a_terminal_it_says_how_fast_it_is_and_ctrl_c_keeps_what_there_is(shared: Store) -> None:
    search = CellSearch.check({"candidates": 600, "connections": "backward", "channels": 8, "best": 2, "fine_batch": 8})
    terminal, end = pty.openpty()
    running = process(*LONG, stderr=end)
    os.close(end)
    said = ""
    try:
        while piece := os.read(terminal, 4096):
            said += piece.decode()
            if "a second" in said and running.poll() is None and "Stopped" not in said:
                running.send_signal(signal.SIGINT)
                break
        while piece := os.read(terminal, 4096):
            said += piece.decode()
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(terminal)
    out, _ = running.communicate(timeout=60)
    assert re.search(r"scoring .* of 600 cells, \d+ a second", said), said
    assert running.returncode == 130
    assert re.match(r"\d+ of 600 candidates", out)
    assert "Stopped: 1 run cancelled; the same command goes on from there." in said
    until(lambda: shared.get(search.digest).state == "cancelled")
    before = shared.rows(search.digest, Candidate)
    assert 0 < len(before) < 602
    Immediate(shared).submit(search)
    assert shared.rows(search.digest, Candidate)[: len(before)] == before
    assert len(shared.rows(search.digest, Candidate)) == 602
