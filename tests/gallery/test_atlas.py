"""The atlas is made of ordinary runs, and goes on where it was interrupted."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import atlas as making
from snnviz.graph.atlas import atlas_design
from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from snnviz.store.metrics import metrics
from snnviz.theory.atlas import COLUMNS


def test_a_network_of_it_is_the_ordinary_run_of_its_design(store: Store) -> None:
    row = making.train((3, 5, 1))
    run = store.get(Immediate(store).submit(atlas_design(3, 5, 1)).run)
    reached = metrics(store, [run])[run.run]
    assert {name: row[name] for name in COLUMNS} == {name: reached[name] for name in COLUMNS}
    assert reached["accuracy"] is not None
    assert reached["accuracy"] > 0.5


def test_what_is_done_is_read_and_half_a_line_is_not(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    assert [*making.done_rows(file)] == []
    good = {"layers": 3, "matrix": 1, "seed": 0, "setting": making.setting_digest(3)}
    lines = [json.dumps(good), json.dumps({**good, "setting": "of before"}), json.dumps(good)[:30]]
    file.write_text("\n".join(lines))
    assert [*making.done_rows(file)] == [good]
