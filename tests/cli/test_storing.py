"""The group of commands `store` on both databases: what they say, and how they end."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from snnviz.events import Checkpoint
from snnviz.store import Store
from tests.aged import older
from tests.cli.conftest import Snnviz
from tests.conftest import MakeDesign, sample


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where there is an empty store, or none yet."""
    if request.param == "sqlite":
        yield str(tmp_path / "elsewhere" / "runs.sqlite")
    else:
        with request.getfixturevalue("postgresql").database() as url:
            yield url


@pytest.fixture
def run(tiny: MakeDesign) -> str:
    """A run with a row and weights, in the store that is found where nothing else is said."""
    store = Store()
    run = store.submit(tiny()).run
    store.claim("me")
    store.append_rows(run, 1, [sample(1)])
    store.save_checkpoint(run, 1, Checkpoint(1, {"w": np.ones(3)}))
    store.finish(run, 1, "done")
    store.close()
    return run


def test_a_store_is_moved_and_moved_back(
    snnviz: Snnviz, cache: Path, run: str, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, back = tmp_path / "there.sqlite", tmp_path / "back.sqlite"
    assert snnviz("store", "backup", str(there)).code == 0
    monkeypatch.setenv("SNNVIZ_STORE", elsewhere)
    said = snnviz("store", "restore", str(there), "--weights", str(cache / "checkpoints"))
    assert re.fullmatch(rf"\S+ has the 1 runs of {there}: \d+ rows, 1 weights\n", said.out), said
    checked = snnviz("store", "check", "--json")
    assert (checked.code, checked.json["rows"], checked.json["found"]) == (0, 1, [])
    assert snnviz("show", run, "--json").json["weights"]
    assert snnviz("store", "restore", str(there)).sentence.startswith("store must be empty, or be one that may be repl")
    assert snnviz("store", "restore", str(there), "--replace").code == 0
    assert snnviz("store", "backup", str(back)).code == 0
    assert snnviz("store", "backup", str(back)).sentence.startswith("file must be a name that is free, got ")
    monkeypatch.setenv("SNNVIZ_STORE", str(tmp_path / "again.sqlite"))
    assert snnviz("store", "restore", str(back)).code == 0
    checked = snnviz("store", "check")
    first, second = checked.out.splitlines()
    assert (checked.code, first) == (1, f"{tmp_path}/again.sqlite is sound: 1 rows of 1 runs were read")
    assert second == f"The weights of {run} are not in {tmp_path}/again-checkpoints."


def test_damage_is_a_sentence(
    snnviz: Snnviz, elsewhere: str, tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNVIZ_STORE", elsewhere)
    store = Store()
    run = store.submit(tiny()).run
    store.claim("me")
    store.append_rows(run, 1, [sample(1)])
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE samples SET loss = 7")
    store.close()
    assert f"a row of the run {run} (samples) is not what was written" in snnviz("store", "check").sentence


def test_what_is_brought_up_to_date_is_said(
    snnviz: Snnviz, run: str, elsewhere: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SNNVIZ_STORE", elsewhere)
    Store().close()
    assert snnviz("store", "migrate").out.endswith(
        " is of version 2, which is this snnviz's: there was nothing to do\n"
    )
    store = Store()
    with store._writing() as connection:
        connection.exec_driver_sql("ALTER TABLE runs DROP COLUMN notes")
    store.close()
    assert snnviz("store", "migrate").out.endswith(" is of version 2, and has the tables and columns that came later\n")
    assert snnviz("store", "migrate").out.endswith("there was nothing to do\n")
    monkeypatch.setenv("SNNVIZ_STORE", str(tmp_path / "new.sqlite"))
    assert snnviz("store", "migrate").out == f"{tmp_path}/new.sqlite is new, of version 2\n"
    monkeypatch.delenv("SNNVIZ_STORE")
    place = Path(Store().place)
    older(place)
    said = snnviz("store", "migrate").out
    assert said.startswith(
        f"{place} was of version 1, and is of 2. The store was brought up to date from an older snnviz"
    )
    assert "kept beside it as runs.version-1.sqlite" in said
    assert run not in said


def test_what_nobody_opened_goes_after_a_preview(
    snnviz: Snnviz, tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "snnviz.toml"
    place.write_text('[retention]\nwhose = "all"\ndays = 0.000001\n')
    monkeypatch.setenv("SNNVIZ_CONFIG", str(place))
    store = Store()
    run = store.submit(tiny(0)).run
    store.cancel(run)
    time.sleep(0.2)
    assert snnviz("store", "expire", "--preview").out.startswith("1 run and 0 data sets would go: ")
    assert len(store.runs()) == 1
    assert snnviz("store", "expire", "--json").json["runs"] == [run]
    assert store.runs() == []
    store.close()
