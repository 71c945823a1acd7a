"""The process that answers looks: its frames, runs at work, and weights that are not there or of another release."""

from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from snnviz.core import data
from snnviz.core.execute import execute
from snnviz.errors import SnnvizError
from snnviz.events import Checkpoint, EpochEnd
from snnviz.jobs.answers import serve_requests
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.store.checkpoints import write_checkpoint
from snnviz.studies.inside.compute import answering, looking
from snnviz.studies.inside.compute.answering import LookServer
from snnviz.studies.inside.compute.opening import open_network
from snnviz.studies.inside.look import Answer, Look
from tests.studies.inside.compute.designs import DESIGNS


class TestAnswering:
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        store = Store(tmp_path / "runs.sqlite")
        Immediate(store).submit(DESIGNS["mlp"])
        return store

    def test_frames_hold_answers_and_sentences(self, store: Store) -> None:
        looker, run = LookServer(store), DESIGNS["mlp"].digest
        frames = io.BytesIO()
        asked: list[dict[str, Any]] = [
            {"id": 1, "ask": "overview", "look": {"run": run}},
            {"id": 2, "ask": "look", "look": {"run": run, "image": 10**5}},
            {"id": 3, "ask": "look", "look": {"run": "0" * 16}},
            {"id": 4, "ask": "files", "look": {"run": run}},
        ]
        serve_requests(partial(answering.serve, looker), "look", map(json.dumps, asked), frames)
        frames.seek(0)
        said: dict[int, Any] = {}
        while line := frames.readline():
            one = json.loads(line)
            said.setdefault(one["id"], []).append(frames.read(one["bytes"]) if "bytes" in one else one)
        assert [one["share"] for one in said[1][:-1]][-1] == 1
        assert Answer.from_bytes(said[1][-1]).about["accuracy"] == store.last_rows(EpochEnd, [run])[run].test_accuracy
        assert "image must be less than 60" in said[2][0]["error"]
        assert "0000000000000000" in said[3][0]["error"]
        assert "ask must be one of" in said[4][0]["error"]

    def test_a_running_run_is_seen_as_it_was_after_its_last_epoch(self, store: Store) -> None:
        made = DESIGNS["learnt"]
        run = store.submit(made).run
        claim = store.claim("me")
        assert claim is not None
        looker = LookServer(store)
        with pytest.raises(
            SnnvizError, match=r"^This run has no weights yet: they come with the end of its first epoch"
        ):
            looker.answer("look", Look(run=run))
        for event in execute(made):
            if not isinstance(event, Checkpoint):
                continue
            store.save_checkpoint(run, claim.attempt, event)
            found = looker.answer("look", Look(run=run))
            direct = looking.look_at(open_network(made, event.arrays, Look()), made, data.load(made)[1], Look())
            assert found.about["epoch"] == event.epoch
            assert found.arrays["readout"].tolist() == direct.arrays["readout"].tolist()
        assert looker.answer("look", Look(run=run, weights="untrained")).about["epoch"] is None

    def test_weights_of_another_release_are_one_sentence(self, store: Store) -> None:
        run = DESIGNS["mlp"].digest
        kept = store.load_checkpoint(run)
        assert kept is not None
        for arrays, what in (
            ({name.replace("L1.", "layer1."): array for name, array in kept.arrays.items()}, "L1.bias is missing"),
            ({**kept.arrays, "L2.weight": kept.arrays["L2.weight"][:7]}, r"L2.weight is \(20, 20\)"),
        ):
            write_checkpoint(store.checkpoint_path(run), Checkpoint(kept.epoch, arrays))
            with pytest.raises(SnnvizError, match=rf"are of another release, whose .* \({what}\): train it once more"):
                LookServer(store).answer("look", Look(run=run))

    def test_a_run_without_weights_says_so(self, store: Store) -> None:
        run = DESIGNS["mlp"].digest
        for file in store.checkpoints.iterdir():
            file.unlink()
        with pytest.raises(SnnvizError, match="only the last checkpoint is kept"):
            LookServer(store).answer("look", Look(run=run))
        assert LookServer(store).answer("look", Look(run=run, weights="untrained")).about["label"] is not None
