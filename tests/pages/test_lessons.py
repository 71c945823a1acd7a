"""Lessons on their pages: what is locked holds on the server, predictions are kept, and each lesson can be taken."""

from __future__ import annotations

import re
from typing import Any

import pytest

from snnviz.catalog.examples import get_example
from snnviz.design import links
from snnviz.errors import SnnvizError
from snnviz.lessons.lesson import Step
from snnviz.lessons.library import ORDER, library
from snnviz.store import learning
from snnviz.theory.costs import parameter_count
from snnviz.ui.components.sliders import Slider, accept
from snnviz.ui.kit import services, state
from snnviz.ui.kit.readings import Shown, nothing
from snnviz.ui.kit.restrictions import Restrictions
from tests.pages.taking import Taking, answer_to, designs_of, end_run
from tests.pages.visit import Session, Visit, by_link

SLOW = pytest.mark.slow


def test_a_prediction_comes_first_and_is_kept() -> None:
    taking = Taking("why-silent")
    assert taking.at.session_state["page"] == "activity"
    assert "What share of the neurons" in taking.text
    assert "shown when you have made your prediction" in taking.text
    assert taking.component("snnviz_charts", "activity-charts") is None
    assert all(one["locked"] for one in taking.sliders().values())
    assert "Every layer hears fewer spikes" not in taking.sent  # the explanation is still on the server
    assert "activity is kept from layer to layer" not in taking.sent
    taking.answer(15).look()
    assert "You predicted: 15 %" in taking.text
    assert any("It is 0 %; you said 15 %." in error for error in taking._red)
    assert "Every layer hears fewer spikes" in taking.text
    assert taking.component("snnviz_address", "activity-address")["query"].endswith("lesson=why-silent&step=1")
    (row,) = learning.steps_of(services.store(), [row.learner for row in _all_rows()])
    assert (row.answer, row.level, row.idea) == ("15.0", "wrong", "activity is kept from layer to layer")


def _all_rows() -> list[Any]:
    with services.store()._reading() as connection:
        return list(connection.execute(learning.STEPS.select()).all())


def test_what_is_locked_is_refused_by_the_server() -> None:
    visit = by_link("activity", "threshold=0.5&layers=12&lock=threshold")
    assert visit.component("snnviz_sliders")["sliders"][0]["locked"]
    visit.press("again")  # which would take the threshold back to 1
    assert visit.at.session_state["setting"].threshold == 0.5
    assert visit._red == ["Threshold θ is locked here."]


def test_a_locked_slider_takes_no_value() -> None:
    one = Slider("threshold", "Threshold", 1.0, 1.0, 0, 4, 0.01, locked=True)
    moved = accept({"rev": "a", "values": {"threshold": 0.8}}, [one], "a")
    assert moved is not None
    assert moved.values == {"threshold": 1.0}


def test_a_teachers_link_hides_and_locks() -> None:
    visit = by_link("design", "neuron.threshold=0.7&hide=editor,expected&lock=neuron,train")
    assert visit.component("snnviz_block_editor") is None
    visit.open("Neuron")
    assert visit.widgets["neuron.threshold"].disabled
    assert not [button for button in visit.at.button if button.key == "train"]
    assert visit.link.endswith("hide=editor,expected&lock=neuron,train")


@pytest.mark.parametrize(
    ("link", "lock", "editor"),
    [
        ("", "network.edges", "snnviz_block_editor"),
        ("network.kind=resnet18", "network.blocks", "snnviz_block_editor"),
        ("network.kind=cell", "network", "snnviz_cell_editor"),
    ],
)
def test_a_locked_editor_looks_locked(link: str, lock: str, editor: str) -> None:
    shown = by_link("design", f"{link}&lock={lock}").component(editor)
    assert shown["readonly"]
    assert shown["locked"].endswith(" is locked here.")
    shown = by_link("design", link).component(editor)
    assert not shown["readonly"]
    assert not shown["locked"]


def test_a_locked_field_of_the_design_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As who takes the lock away in the browser."""
    visit = Visit("neuron.threshold=0.7")
    session: Any = {"w": 0.9, "link_restrictions": Restrictions(lock=frozenset({"neuron", "network.edges"}))}
    for name in ("design", "problem", "editor_revision", "revision", "compared", "watched", "found"):
        session[name] = visit.at.session_state[name]
    monkeypatch.setattr(state.st, "session_state", Session(session))
    before = state.design()
    state.put("neuron.threshold", "w")
    assert state.design() == before
    assert state.problem() == "Threshold θ is locked here."
    for name in ("digits-mlp", "digits-dense"):
        state.replace_with_notice(get_example(name), "Another.")
        assert state.design() == before
    state.st.session_state["w"] = 3  # what is not locked
    state.put("seed", "w")
    assert state.design().seed == 3


def test_a_hostile_lock_is_one_sentence() -> None:
    visit = by_link("design", "lock=<script>")
    assert any("lock must have names of controls" in warning.value for warning in visit.at.warning)


def test_a_mystery_is_in_nothing_that_is_sent() -> None:
    taking = Taking("thresholds-and-leaks", step=1)
    for _ in range(2):
        taking.press("lesson-skip")
    assert taking.step.mystery is not None
    hidden = taking.at.session_state["setting"].threshold
    assert hidden in taking.step.mystery.values
    assert "threshold" not in taking.sliders()
    told = re.sub(r"\[[-\d.,e null]*\]", "[]", taking.sent.replace("\\", ""))  # points of curves are by chance anything
    assert not re.search(rf"(?<![\d.]){hidden:g}(?!\d)", told)
    assert "threshold=" not in taking.component("snnviz_address", "activity-address")["query"]
    taking.answer(hidden + 0.05).look()
    assert f"It is {hidden:.4g}" in taking.text + " ".join(one.value for one in taking.at.success)


def test_an_own_lesson_cannot_be_markup() -> None:
    visit = by_link("lessons", "lesson=<script>alert(1)</script>")
    assert any("lesson must be one of" in warning.value for warning in visit.at.warning)
    assert not any("<script" in one.value.replace("\\<", "") for one in visit.at.warning)


def test_a_step_that_is_gone_on_without_is_neither_right_nor_wrong() -> None:
    taking = Taking("what-is-a-spike")
    assert taking.component("snnviz_neuron") is None  # it would tell
    taking.press("lesson-skip")
    taking.answer(8).look()
    assert taking.component("snnviz_neuron")["start"] == {
        "current": 0.09, "beta": 0.9, "threshold": 1.0, "pattern": "constant", "reset": "subtract",
    }  # fmt: skip
    taking.press("lesson-back")
    assert "neither as right nor as wrong" in taking.text
    assert [row.level for row in learning.steps_of(services.store(), [_all_rows()[0].learner])] == ["skipped", "wrong"]
    taking.press("lesson-leave")
    assert "1 done, 0 of 1 predictions right, 1 skipped" in taking.text


def test_a_run_that_is_chosen_on_runs_is_known_to_lessons() -> None:
    step = library().get("what-is-a-spike").steps[3]
    (design,) = designs_of(step).values()
    visit = Visit()
    run = end_run(services.store(), design, 0.9)
    services.CACHE.clear()
    visit.go("runs")
    assert "opened_runs" not in visit.at.session_state
    visit.tick(0)
    assert visit.at.session_state["opened_runs"] == [run]


def test_pages_say_their_numbers() -> None:
    design = by_link("design", "seed=1").at.session_state["readings"]["design"]
    assert design.fields["seed"] == 1
    assert design.find("parameters").number == parameter_count(links.from_query("seed=1"))
    assert design.find("forecast.rate").series[0][1] == design.find("forecast.rate.0").number > 0
    assert design.find("forecast.rate.99") is None
    ttfs = by_link("ttfs", "").at.session_state["readings"]["ttfs"]
    assert ttfs.find("agreement").number == 1
    assert 0 < ttfs.find("spikes").number < 1
    assert len(ttfs.find("spikes.layers").series) == ttfs.fields["network.depth"]
    assert ttfs.find("spike") is None


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("lesson=why-silnt", "lesson must be one of"),
        ("lesson=why-silent&step=two", "step must be a whole number from 1 to 4, got 'two'."),
    ],
)
def test_a_short_link_to_nothing_is_a_sentence(query: str, sentence: str) -> None:
    visit = by_link("lessons", query)
    assert any(sentence in warning.value for warning in visit.at.warning)


TAKEN = [
    pytest.param(name, right, id=f"{name}-{'right' if right else 'wrong'}", marks=[] if place % 2 == right else [SLOW])
    for place, name in enumerate(ORDER)
    for right in (True, False)
]
"""Each lesson once, and by `make study` with the answers the other way round, too."""


@pytest.mark.parametrize(("name", "right"), TAKEN)
def test_each_lesson_is_taken(name: str, right: bool) -> None:
    """Answers right and wrong in turn, beginning with `right`, with results at hand where it asks for runs."""
    taking = Taking(name)
    for place, step in enumerate(taking.lesson.steps):
        assert taking.step == step
        if step.question is not None:
            taking.answer(answer_to(step, right == (place % 2 == 0)))
        _do(taking, step)
        assert "lesson-next" in taking.buttons, (step.title, taking.text[-600:])
        if place + 1 < len(taking.lesson.steps):
            taking.press("lesson-next")
    learners = {row.learner for row in _all_rows()}
    kept = learning.steps_of(services.store(), [*learners])
    assert [row.step for row in kept] == [step.name for step in taking.lesson.steps]
    asked = [row for row, step in zip(kept, taking.lesson.steps, strict=True) if step.question is not None]
    assert all(row.level for row in asked)


def _do(taking: Taking, step: Step) -> None:
    """What the step asks for: a setting, runs, a look."""
    for place, (case, design) in enumerate(designs_of(step).items()):
        run = end_run(services.store(), design, 0.92 - 0.1 * place, 0.05 + 0.1 * place)
        opened = taking.at.session_state["opened_runs"] if "opened_runs" in taking.at.session_state else []  # noqa: SIM401
        taking.at.session_state["opened_runs"] = [run, *opened]
        assert case is not None
    kind = step.check.kind if step.check is not None else ""
    if kind in ("setting", "reading"):
        wanted = {one.path: one.value for one in step.check.where}  # type: ignore[union-attr]
        session = taking.at.session_state
        now = session["setting"].model_dump()
        numbers = {name: float(text) for name, text in wanted.items() if name != "inits"}
        session["setting"] = session["drawn"] = type(session["setting"]).check({**now, **numbers})
    if kind == "look":
        taking.at.session_state["readings"] = {"inside": _shown()}
    services.CACHE.clear()
    taking.look()
    taking.look()


def _shown() -> Any:
    return Shown({"run": "0" * 16, "image": 0}, nothing)


def test_errors_are_ours() -> None:
    with pytest.raises(SnnvizError, match=r"lesson must be one of .*did you mean 'why-silent'"):
        library().get("why-silnt")
