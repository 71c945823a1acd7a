"""A bundle is an RO-Crate; another store brings it in and repeats it bit for bit; a spoiled one is a sentence."""

from __future__ import annotations

import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.exports import EXPORTS, ExportedRun
from snnviz.exports.writing import export
from snnviz.imports.bundles import Bundle, Replication, import_run, retrain_and_compare
from snnviz.store import Store
from snnviz.tasks import KINDS
from tests.conftest import MakeDesign
from tests.exports.conftest import Trained
from tests.exports.kinds import design


@pytest.fixture
def bundled(trained: Trained, tiny: MakeDesign, tmp_path: Path) -> tuple[ExportedRun, Path]:
    """Of three runs."""
    first, *more = [trained(one) for one in (design("batch normalisation"), tiny(1, epochs=2), tiny(2, epochs=1))]
    source = ExportedRun(first.store, first.run, tuple(one.run for one in more))
    export(EXPORTS["bundle"], source, tmp_path / "b.zip")
    return source, tmp_path / "b.zip"


def import_all(path: Path, store: Store) -> list[Any]:
    opened = Bundle(path)
    found = [import_run(store, run) for run in opened.runs()]
    opened.close()
    return found


def test_it_is_an_ro_crate(bundled: tuple[ExportedRun, Path]) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        crate = rocrate.ROCrate(bundled[1])
        actions = crate.get_by_type("CreateAction")
        names = {entity.id for entity in crate.get_by_type("File")}
    assert len(actions) == 3
    assert all(action["instrument"].id == "#snnviz" and action["object"].id in names for action in actions)
    with zipfile.ZipFile(bundled[1]) as file:
        assert {*file.namelist()} == names | {"ro-crate-metadata.json"}
    assert crate.license.id == "#licences"


def test_another_store_shows_the_same(bundled: tuple[ExportedRun, Path], tmp_path: Path) -> None:
    source, path = bundled
    other = Store(tmp_path / "other.sqlite")
    found = import_all(path, other)
    assert [one.existed for one in found] == [False] * 3
    for run in (source.run, *source.additional_runs):
        there = other.get(run.task.digest)
        assert (there.state, there.design) == ("done", run.design)
        assert "It came in a bundle" in (there.note or "")
        for kind in KINDS["run"].rows:
            rows = [
                [row for _, row in store.rows(name, kind)]
                for store, name in ((source.store, run.run), (other, there.run))
            ]
            assert repr(rows[0]) == repr(rows[1])
        ours, theirs = source.store.load_checkpoint(run.run), other.load_checkpoint(there.run)
        assert ours is not None
        assert theirs is not None
        assert all(np.array_equal(value, theirs.arrays[name]) for name, value in ours.arrays.items())
    assert [one.existed for one in import_all(path, other)] == [True] * 3
    other.close()


def test_it_is_repeated_bit_for_bit(bundled: tuple[ExportedRun, Path]) -> None:
    opened = Bundle(bundled[1])
    ends = [[step for step in retrain_and_compare(run) if isinstance(step, Replication)] for run in opened.runs()]
    opened.close()
    assert [[one.equal for one in end] for end in ends] == [[True]] * 3
    assert "and all weights" in ends[0][0].message


def changed(path: Path, to: Path, change: Callable[[str, bytes], bytes]) -> Path:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return to


def test_what_differs_is_named(bundled: tuple[ExportedRun, Path], tmp_path: Path) -> None:
    def better(name: str, data: bytes) -> bytes:
        if not name.endswith("rows.json"):
            return data
        rows = json.loads(data)
        rows["epochs"][-1]["test_accuracy"] += 1e-9
        return json.dumps(rows).encode()

    opened = Bundle(changed(bundled[1], tmp_path / "c.zip", better))
    ends = [step for run in opened.runs() for step in retrain_and_compare(run) if isinstance(step, Replication)]
    opened.close()
    assert not any(end.equal for end in ends)
    assert all("differs in epochs at epoch " in end.message for end in ends)


HOSTILE: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "another table": ("rows.json", lambda rows: {**rows, "runs": []}, "rows must be of the tables"),
    "a row with a field too many": ("rows.json", lambda rows: {**rows, "epochs": [{"x": 1}]}, "be rows of epochs"),
    "a number no store holds": (
        "rows.json",
        lambda rows: {**rows, "epochs": [{**rows["epochs"][0], "epoch": 2**70}]},
        "be a number that a store holds",
    ),
    "predictions that unpack to more": (
        "rows.json",
        lambda rows: {**rows, "predictions": [{**rows["predictions"][0], "images": 10**12}]},
        "have a class of each image",
    ),
    "no last epoch": ("rows.json", lambda rows: {**rows, "epochs": []}, "have the end of its last epoch"),
    "a design that breaks a rule": (
        "design.json",
        lambda told: {**told, "neuron": {**told["neuron"], "threshold": -1}},
        "neuron.threshold must be a number",
    ),
    "another network's weights": (
        "design.json",
        lambda told: {**told, "network": {"kind": "mlp", "depth": 3, "width": 7}},
        "weights must be of this network",
    ),
    "a list": ("design.json", lambda _: [], "be whole"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_not_a_run_is_a_sentence(bundled: tuple[ExportedRun, Path], tmp_path: Path, what: str) -> None:
    file, change, said = HOSTILE[what]

    def spoil(name: str, data: bytes) -> bytes:
        return json.dumps(change(json.loads(data))).encode() if name.endswith(file) else data

    other = Store(tmp_path / "other.sqlite")
    with pytest.raises(InputError, match=said) as error:
        import_all(changed(bundled[1], tmp_path / "c.zip", spoil), other)
    assert "\n" not in str(error.value)
    assert other.runs() == []
    other.close()


def test_three_hundred_spoiled_bundles_are_sentences(bundled: tuple[ExportedRun, Path], tmp_path: Path) -> None:
    whole, draw, refused = bundled[1].read_bytes(), random.Random(1), list[str]()
    for number in range(300):
        data = bytearray(whole)
        if number % 3 == 0:
            data = data[: draw.randrange(len(data))]
        for _ in range(draw.choice((1, 8, 200))):
            if data:
                data[draw.randrange(len(data))] = draw.randrange(256)
        path = tmp_path / "spoiled.zip"
        path.write_bytes(data)
        try:
            opened = Bundle(path)
            for run in opened.runs():
                assert isinstance(run.design, Design)
        except InputError as error:
            refused.append(str(error))
    assert len(refused) > 200
    assert all(len(said) < 500 and said.isprintable() for said in refused)


def test_nothing_is_unpacked_beyond_bounds(bundled: tuple[ExportedRun, Path], tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(bundled[1]) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, b" " * 70_000_000 if name.endswith("rows.json") else old.read(name))
        new.writestr("../../outside.txt", "x")
    (tmp_path / "bomb.zip").write_bytes(file.getvalue())
    with pytest.raises(InputError, match="hold 64 MB at most"):
        import_all(tmp_path / "bomb.zip", bundled[0].store)
    assert not (tmp_path.parent.parent / "outside.txt").exists()


def test_rows_of_several_runs_are_one_table(bundled: tuple[ExportedRun, Path], tmp_path: Path) -> None:
    export(EXPORTS["rows"], bundled[0], tmp_path / "rows.json")
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert {row["run"] for row in rows} == {run.run for run in (bundled[0].run, *bundled[0].additional_runs)}
    with pytest.raises(InputError, match="run must be a single one for design"):
        export(EXPORTS["design"], bundled[0], tmp_path / "d.json")
