"""The training study on the Activity page: ordinary runs, queued by one press, found again by everybody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from snnviz.store import Run
from snnviz.studies.activity import study as studies
from snnviz.studies.activity.study import TrainingStudy, study_runs
from snnviz.ui.kit import services
from tests.pages.visit import Look, Visit

TINY = TrainingStudy(depth=1, width=10, epochs=1, train_samples=100)


@pytest.fixture
def at_study() -> Callable[[TrainingStudy], Visit]:
    """Opens the Activity page with a study that trains in moments."""

    def open_page(study: TrainingStudy) -> Visit:
        visit = Visit(page="activity")
        visit.at.session_state["study"] = study
        return visit.look()

    return open_page


def test_one_press_queues_all_of_them_once(at_study: Callable[[TrainingStudy], Visit]) -> None:
    visit = at_study(TINY)
    assert visit.at.button("study-train").label == "Train 8 networks: 8 initialisations"
    visit.press("study-train")
    expected = {member.design.digest for member in study_runs(TINY)}
    assert {run.run for run in services.store().runs()} == expected
    again = at_study(TINY)
    assert again.at.button("study-train").disabled


def test_what_is_trained_is_shown_to_everybody(
    at_study: Callable[[TrainingStudy], Visit], trained: Callable[..., Run]
) -> None:
    chosen = study_runs(TINY)
    for member in chosen[:3]:
        trained(member.design)
    visit = at_study(TINY)
    assert visit.at.button("study-train").label == "Train the missing 5 networks"
    table = visit.at.dataframe[-1].value
    assert table["state"].tolist() == ["done"] * 3 + ["not trained"] * 5
    assert table["run"].tolist() == [member.name.replace("-", " ") for member in chosen]
    assert table["test"][:3].between(0, 100).all()


def test_another_comparison_is_other_runs(at_study: Callable[[TrainingStudy], Visit]) -> None:
    visit = at_study(TINY)
    visit.widgets["study-compare"].set_value("threshold")
    visit.look()
    assert visit.at.session_state["study"].compare == "threshold"
    visit.press("study-train")
    wanted = study_runs(studies.TrainingStudy(**{**TINY.model_dump(), "compare": "threshold"}))
    assert {run.run for run in services.store().runs()} == {member.design.digest for member in wanted}


def test_cancel_stops_what_is_going_on(at_study: Callable[[TrainingStudy], Visit]) -> None:
    visit = at_study(TrainingStudy(epochs=300))
    visit.press("study-train")
    visit.press("study-cancel")
    assert {run.state for run in services.store().runs()} == {"cancelled"}


def test_the_link_holds_the_study_beside_the_setting() -> None:
    link = "threshold=0.8&study.compare=depth&study.width=40&study.data=mnist&study.beta=0.9"
    visit = Look(link)
    wanted = TrainingStudy(compare="depth", width=40, data="mnist", beta=0.9)
    assert visit.at.session_state["study"] == wanted
    assert visit.link == "threshold=0.8&study.compare=depth&study.data=mnist&study.width=40&study.beta=0.9"
    visit.widgets["study-compare"].set_value("leak")
    visit.look()
    assert "study.compare=leak" in visit.link


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("study.depth=0", "study.depth must be a whole number from 1 to 100, got 0"),
        ("study.data=../x", "study.data must be one of digits, mnist, fashion-mnist"),
        ("study.width=nan", "study.width must be a whole number from 4 to 2048, got 'nan'"),
        ("study.colour=red", "study.colour must be a field of a training study, got 'red'"),
    ],
)
def test_a_bad_study_in_a_link_gets_a_sentence(link: str, sentence: str) -> None:
    visit = Look(link)
    assert any(error.startswith(sentence) for error in visit.errors), visit.errors
    assert visit.at.session_state["study"] == TrainingStudy()


def test_recordings_are_offered_where_they_are(
    at_study: Callable[[TrainingStudy], Visit], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path))
    assert not any("nmnist" in option for option in at_study(TINY).widgets["study-data"].options)
    for part in ("Train", "Test"):
        folder = tmp_path / "NMNIST" / part / "0"
        folder.mkdir(parents=True)
        (folder / "00001.bin").write_bytes(bytes(5))
    assert "nmnist" in at_study(TINY).widgets["study-data"].options


def test_a_preset_is_marked_only_while_it_is_what_is_shown() -> None:
    look = Look("")

    def marked() -> object:
        return look.widgets["study-preset"].value

    assert marked() == "small"
    look.widgets["study-seeds"].set_value(2)
    look.look()
    assert marked() is None
    look.widgets["study-preset"].set_value("paper's cnn")
    look.look()
    assert look.at.session_state["study"] == studies.PRESETS["paper's cnn"]
    assert marked() == "paper's cnn"


def test_how_it_learns_is_set_behind_a_button() -> None:
    look = Look("")
    look.widgets["study-optimizer"].set_value("adamw")
    look.look()
    look.widgets["study-optimizer.adamw.weight_decay"].set_value(0.1)
    look.look()
    look.widgets["study-network"].set_value("cnn")
    look.look()
    look.widgets["study-pool_every"].set_value(0)
    look.look()
    study = look.at.session_state["study"]
    assert (dict(study.optimizer), study.pool_every) == ({"kind": "adamw", "weight_decay": 0.1}, 0)
    assert {m.design.training.optimizer["weight_decay"] for m in studies.study_runs(study)} == {0.1}
