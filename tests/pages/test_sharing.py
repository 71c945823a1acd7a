"""Share and Reset over the pages: names to hide and lock, links, snippets, and the way back with its Undo."""

from __future__ import annotations

import re
from typing import Any

import pytest

from snnviz.design.design import Design
from snnviz.ui.components.address import Address
from snnviz.ui.kit import resetting, services
from tests.pages.taking import Taking, end_run
from tests.pages.test_classes import Person, teach
from tests.pages.visit import Look, Visit, by_link


def share(visit: Visit) -> Visit:
    return visit.press("share")


def still(visit: Visit) -> Visit:
    """What was changed in the dialog; it alone is drawn anew on a real page, and AppTest draws all."""
    visit.at.session_state["share_open"] = True
    return visit.look()


def copied(visit: Visit, key: str = "share-link") -> str:
    text: str = visit.component("snnviz_copying", key)["text"]
    return text


def test_a_link_with_what_is_hidden_and_locked_holds_for_who_opens_it() -> None:
    visit = share(by_link("design", "neuron.threshold=0.7"))
    assert copied(visit) == "design?neuron.threshold=0.7"
    hide, lock = visit.at.multiselect("share-hide"), visit.at.multiselect("share-lock")
    assert {"editor", "expected", "neuron", "neuron.threshold", "train"} <= {_name(one) for one in hide.options}
    assert "everything (*)" in lock.options
    hide.set_value(["editor"])
    lock.set_value(["neuron", "train"])
    still(visit)
    link = copied(visit)
    assert link == "design?neuron.threshold=0.7&hide=editor&lock=neuron,train"
    snippet = copied(visit, "share-embed")
    assert "lock=neuron,train&amp;embed=true" in snippet
    assert "SNNVIZ_FRAMES" in visit.text
    other = by_link("design", link.partition("?")[2])
    assert other.component("snnviz_block_editor") is None
    assert not [button for button in other.at.button if button.key == "train"]
    assert copied(share(other)) == link  # who shares it on shares what holds


def _name(option: str) -> str:
    return option.rpartition("(")[2].removesuffix(")")


@pytest.mark.parametrize(
    ("page", "query", "names"),
    [
        ("activity", "threshold=0.8", {"choices", "figures", "threshold", "beta"}),
        ("skips", "gain=2", {"seeds", "epochs", "channels"}),
        ("shortcuts", "", {"study.seeds", "data.steps"}),
    ],
)
def test_the_names_are_those_of_the_page(page: str, query: str, names: set[str]) -> None:
    visit = share(by_link(page, query))
    assert names <= {_name(one) for one in visit.at.multiselect("share-hide").options}


def test_a_lesson_has_a_short_link() -> None:
    taking = Taking("why-silent")
    share(taking)
    assert copied(taking) == "l/why-silent"
    taking.at.toggle("share-step").set_value(True)
    still(taking)
    assert copied(taking) == "l/why-silent/1"
    assert "reset-page" not in taking.buttons  # the lesson has one of its own


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "hide=neuron.treshold",
            "hide must have names of controls or panels of the page Design, such as .* "
            "got 'neuron.treshold'; did you mean 'neuron.threshold'?",
        ),
        ("lock=editr", "lock must have names .* got 'editr'; did you mean 'editor'?"),
        ("hide=editor&lock=zzz", "lock must have names .*got 'zzz'"),
    ],
)
def test_a_misspelt_name_is_said(query: str, sentence: str) -> None:
    visit = by_link("design", query)
    said = [re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", warning.value) for warning in visit.at.warning]
    assert any(re.search(sentence, one) for one in said), said


@pytest.mark.parametrize(
    "query", ["hide=editor,verdict&lock=*", "lock=neuron,network.depth,ttfs.penalty", "lock=train"]
)
def test_a_name_of_another_network_or_page_is_none_that_is_wrong(query: str) -> None:
    assert not by_link("design", query).at.warning


def test_a_study_knows_the_fields_of_its_other_view() -> None:
    assert not by_link("skips", "gain=2&lock=seeds,optimise.epochs").at.warning
    assert by_link("skips", "gain=2&lock=sedes").at.warning


def test_the_design_goes_back_to_its_link_and_forth_again() -> None:
    visit = Visit("neuron.threshold=0.7&seed=5")
    begun = visit.design
    visit.put("neuron.threshold", 0.9)
    visit.put("data.steps", 7)
    changed = visit.design
    visit.press("reset-page")
    assert visit.design == begun
    assert resetting.DONE in visit.text
    visit.press("undo")
    assert visit.design == changed
    visit.press("reset-page")
    assert visit.design.seed == 5
    assert visit.widget("neuron.threshold").value == 0.7


def test_activity_goes_back_to_its_link() -> None:
    look = Look("threshold=0.5&layers=12&inits=kaiming")
    start = look.setting
    look.press("again")
    assert look.setting != start
    look.look()  # the whole page, of which a change draws a part
    look.press("reset-page")
    assert look.setting == start
    look.press("undo")
    assert look.setting.threshold == 1


def test_a_study_goes_back_to_its_link() -> None:
    visit = by_link("skips", "gain=2&seeds=3")
    begun = visit.at.session_state["sweep"]
    _field(visit, "skips-seeds").set_value(2)
    visit.look()
    assert visit.at.session_state["sweep"].seeds == 2
    visit.look()  # the whole page, of which a change draws a part
    visit.press("reset-page")
    assert visit.at.session_state["sweep"] == begun
    visit.press("undo")
    assert visit.at.session_state["sweep"].seeds == 2


def _field(visit: Visit, name: str) -> Any:
    return next(one for one in visit.at.number_input if (one.key or "").startswith(f"{name}@"))


def test_nothing_to_reset_is_said() -> None:
    visit = Visit("neuron.threshold=0.7")
    visit.press("reset-page")
    assert [toast.value for toast in visit.at.toast] == [resetting.NOTHING]
    assert resetting.DONE not in visit.text


def test_a_step_of_a_lesson_begins_again_with_its_setting() -> None:
    taking = Taking("thresholds-and-leaks")
    taking.answer(3.0)
    session = taking.at.session_state
    three = {**session["setting"].model_dump(), "threshold": 3}
    session["setting"] = session["drawn"] = type(session["setting"]).check(three)
    taking.look()
    taking.press("lesson-reset")
    assert taking.at.session_state["setting"].threshold == 1
    taking.press("undo")
    assert taking.at.session_state["setting"].threshold == 3


OTHER = [
    ("design", "neuron.threshold=0.7", "neuron.threshold=0.9&seed=4"),
    ("data", "show.part=test", "show.label=3&data.steps=9"),
    ("activity", "threshold=0.5", "layers=20&seed=2"),
    ("skips", "gain=2", "gain=2&seeds=2&epochs=4"),
    ("skips", "view=optimise", "view=optimise&optimise.epochs=3"),
    ("shortcuts", "", "study.seeds=2&neuron.threshold=0.8"),
    ("shortcuts", "study.seeds=2", "study.seeds=2&view=before"),
    ("cells", "seed=1", "channels=8&seed=2"),
    ("cells", "view=search", "view=search&search.channels=8"),
    ("cells", "view=study", "view=study&study.epochs=9"),
    ("ttfs", "", "study.zeta=1"),
    ("ttfs", "view=penalty", "view=penalty&penalty.seeds=4"),
    ("tradeoffs", "", "vary.1=neuron.threshold=0.5,1"),
    ("tradeoffs", "view=weigh", "view=weigh&weigh.of=store"),
    ("runs", "sort=seed", "filter=accuracy%20%3E%200.9"),
]
"""A page's start, and another setting of it."""


@pytest.mark.parametrize(("page", "first", "other"), OTHER)
def test_every_page_goes_back_to_its_start_and_forth_again(page: str, first: str, other: str) -> None:
    if page == "runs":
        end_run(services.store(), Design(), 0.9)
    visit = by_link(page, first)
    start = _shown(visit)
    visit.at.session_state["reset_to"] = start._replace(query=other)  # as if it had been changed to this
    visit.look()
    changed = _shown(visit)
    assert changed.query != start.query, visit.text[-300:]
    visit.press("reset-page")
    visit.look()
    assert _shown(visit) == start
    visit.press("undo")
    visit.look()
    assert _shown(visit) == changed


def _shown(visit: Visit) -> Address:
    found: Address = visit.at.session_state["address_shown"]
    assert found.page == visit.at.session_state["page"]
    return found


def test_a_class_is_shared_by_the_students_link_and_never_by_the_teachers() -> None:
    teacher = teach("why-silent", title="Tuesday")
    code = re.search(r"\*\*([A-Z]{6})\*\*", teacher.text)
    secret = teacher.at.session_state["class_teaches"]
    assert code is not None
    assert secret
    assert "reset-page" not in teacher.buttons
    share(teacher)
    assert copied(teacher) == f"c/{code[1]}"
    sent = "\n".join(str(element.proto) for element in teacher.at.get("link_button"))
    assert code[1] in sent
    assert secret not in sent + copied(teacher, "share-embed")
    student = Person(f"class={code[1]}").join(code[1], "Ada")
    assert copied(share(student)) == "l/why-silent"


def test_who_is_in_no_class_shares_the_page_to_join_one() -> None:
    assert copied(share(Person())) == "classes"
