"""Trees over designs: the same numbers as scikit-learn's, intervals that hold, and the process that makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn.tree import ExtraTreeRegressor

from snnviz.places import ROOT
from snnviz.store import Store
from snnviz.store.groups import RunGroup
from snnviz.studies.tradeoffs.compute import expecting, refitting
from snnviz.studies.tradeoffs.compute.expecting import conformal_quantile, train_model, tree_arrays
from snnviz.theory.expected import EXPECTED, Model
from snnviz.theory.expected_files import load_model
from snnviz.theory.features import settings_of
from snnviz.theory.forest import Forest
from tests import surface

DESIGNS = surface.designs(120, seed=1)
GROUPS = surface.groups(DESIGNS, seed=1)


def learnt(groups: Sequence[RunGroup], names: Sequence[str] = EXPECTED) -> Model:
    model = train_model("digits", groups, names)
    assert model is not None
    return model


def test_numpy_predicts_what_scikit_learn_does() -> None:
    draw = np.random.default_rng(3)
    x, y, w = draw.normal(size=(300, 7)).astype(np.float32), draw.normal(size=300), draw.integers(1, 5, 300)
    trees = [ExtraTreeRegressor(max_features=0.6, random_state=n).fit(x, y, w) for n in range(20)]
    parts, start, roots = [], 0, []
    for tree in trees:
        roots.append(start)
        parts.append(tree_arrays(tree, start))
        start += len(parts[-1]["feature"])
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    forest = Forest(**joined, roots=np.array(roots, np.int32), fold=np.zeros(20, np.int16))
    forest.check(7)
    asked = np.concatenate([x, draw.normal(size=(500, 7)).astype(np.float32)])
    mine = forest.predict(asked)
    theirs = np.stack([tree.predict(asked) for tree in trees], axis=1)
    assert np.abs(mine - theirs).max() <= 1e-9


def test_a_quantile_counts_each_design_once() -> None:
    """By a literal loop: the smallest score below which 9 of 10 designs lie, each a share of 1/n for each seed."""
    draw = np.random.default_rng(0)
    scores = [np.abs(draw.normal(size=int(draw.integers(1, 9)))) for _ in range(40)]
    found = conformal_quantile(scores)
    below = sum(float((each <= found).mean()) for each in scores)
    just = sum(float((each < found).mean()) for each in scores)
    assert just < 0.9 * 41 <= below
    assert conformal_quantile([np.array([1.0]), np.array([2.0])]) == 2.0


def test_intervals_hold_for_designs_that_were_not_seen() -> None:
    """Five-fold by design: all seeds of a design are new together. The check that a page shows says the same."""
    inside, error, nearest, shown = [], [], [], []
    order = np.random.default_rng(1).permutation(len(GROUPS))
    for fold in range(5):
        new = {*order[fold::5]}
        model = learnt([group for at, group in enumerate(GROUPS) if at not in new], ["accuracy"])
        shown.append(model.targets["accuracy"].check)
        for group in (GROUPS[at] for at in new):
            answer = model.predict(group.design)
            said = answer.expected.get("accuracy")
            if said is not None:
                truth = group.values["accuracy"].values()
                inside += [said.low <= one <= said.high for one in truth]
                error += [abs(one - said.value) for one in truth]
                other = model.values["accuracy"][model.runs.index(answer.nearest[0].run)]
                nearest += [abs(one - other) for one in truth]
    assert len(inside) > 300
    assert 0.85 <= np.mean(inside) <= 0.95
    assert np.mean(error) <= 0.7 * np.mean(nearest)
    assert np.mean([check.coverage for check in shown]) == pytest.approx(np.mean(inside), abs=0.05)
    assert np.mean([check.error for check in shown]) == pytest.approx(np.mean(error), rel=0.2)


@pytest.fixture
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where their numbers do not matter."""
    monkeypatch.setattr(expecting, "TREES", 1)


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("path", surface.AXES)
def test_a_level_that_was_left_out_is_unknown(path: str) -> None:
    for level in surface.AXES[path]:
        of_level = [settings_of(group.design)[path] == level for group in GROUPS]
        model = learnt([group for group, out in zip(GROUPS, of_level, strict=True) if not out], ["accuracy"])
        asked = [group.design for group, out in zip(GROUPS, of_level, strict=True) if out]
        assert np.mean([bool(model.predict(design).unknown) for design in asked]) >= 0.8, level


def test_metrics_that_some_runs_lack() -> None:
    """ReLUs have no rate: they teach accuracy all the same."""
    some = [
        RunGroup(group.key, group.settings, group.runs, {**group.values, "rate": {}} if at % 2 else group.values)
        for at, group in enumerate(GROUPS[:40])
    ]
    model = learnt(some)
    assert (model.targets["accuracy"].designs, model.targets["rate"].designs) == (40, 20)
    assert set(model.predict(some[1].design).expected) == set(EXPECTED)


def test_too_few_designs_teach_nothing() -> None:
    assert train_model("digits", []) is None
    assert train_model("digits", GROUPS[: expecting.LEAST - 1]) is None


def test_the_same_runs_give_the_same_model() -> None:
    one, other = learnt(GROUPS[:30], ["rate"]), learnt(GROUPS[:30], ["rate"])
    assert one.predict(DESIGNS[50]) == other.predict(DESIGNS[50])


@pytest.mark.usefixtures("few_trees")
class TestRefitting:
    def test_only_what_changed_is_made_anew(
        self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = GROUPS[:12]
        monkeypatch.setattr(refitting, "run_groups", lambda *_, **__: said)
        assert refitting.refit_models(store, tmp_path) == ["digits"]
        made = load_model("digits", tmp_path)
        assert refitting.refit_models(store, tmp_path) == []
        said = GROUPS[:13]
        assert refitting.refit_models(store, tmp_path) == ["digits"]
        new = load_model("digits", tmp_path)
        assert made is not None
        assert new is not None
        assert (made.designs, new.designs) == (12, 13)

    def test_a_damaged_file_is_made_anew(self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(refitting, "run_groups", lambda *_, **__: GROUPS[:12])
        refitting.refit_models(store, tmp_path)
        next(tmp_path.glob("*.npz")).write_bytes(b"PK")
        assert refitting.refit_models(store, tmp_path) == ["digits"]
        assert load_model("digits", tmp_path) is not None

    def test_an_empty_store_is_no_error(self, tmp_path: Path) -> None:
        store = Store(tmp_path / "runs.sqlite")
        store.close()
        run(tmp_path)
        assert not [*(tmp_path / "expected").glob("*.npz")]


def run(folder: Path) -> None:
    """The process, to its end."""
    environment = {**os.environ, "SNNVIZ_CACHE": str(folder), "SNNVIZ_STORE": str(folder / "runs.sqlite")}
    ended = subprocess.run(
        [sys.executable, "-m", refitting.__name__],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
