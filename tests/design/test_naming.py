"""Names that last: what a key is made of, what absence means, and that neither moves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from snnviz.design import links, naming
from snnviz.design.design import Design
from snnviz.design.menus import SURROGATES
from snnviz.design.networks import BlockNetwork
from snnviz.design.part import Part
from snnviz.design.parts import Data, Neuron, Training
from snnviz.design.submitted import Task
from snnviz.errors import InputError
from snnviz.studies.shortcuts.study import GradientSurvey
from snnviz.studies.skips.search import Search
from snnviz.studies.skips.sweep import SkipSweep
from snnviz.tasks import KINDS
from tests.designs import DESIGNS
from tests.made_up import tasks
from tests.parts import PARTS, REGISTRIES

GOLDEN = Path(__file__).parents[1] / "golden"
NOW = naming.expected_table(PARTS, REGISTRIES)


def test_every_field_says_what_its_absence_means() -> None:
    """Whoever adds a field adds a line to both tables: its value where nobody names it, for ever."""
    missing = {line: NOW[line] for line in NOW if line not in naming.ABSENT}
    assert not missing, (
        f"add to snnviz/design/absent.json and to tests/golden/absent.json: {json.dumps(missing, indent=1)}"
    )


def test_what_absence_ever_meant_it_means_still() -> None:
    """A line that changes or goes would rename runs and change links. A default that moves needs no change."""
    golden = json.loads((GOLDEN / "absent.json").read_text())
    assert list(golden.items()) == list(naming.ABSENT.items())


def test_a_field_of_choices_names_its_catalogue() -> None:
    """So that a parameter that is added there renames nothing; a text of a setting names what it needs itself."""
    for part in PARTS:
        for form in naming.field_schemas(part).values():
            if "Choice" in str(form.field.annotation) and form.kind == "value":
                assert isinstance(form.usual, str), form.name


def test_no_two_parts_and_no_two_catalogues_share_their_lines() -> None:
    assert len({part.__name__ for part in PARTS}) == len(PARTS)
    assert len({registry.noun for registry in REGISTRIES}) == len(REGISTRIES)


def test_a_kind_of_task_has_one_name_and_no_field_that_a_stored_text_has_beside_it() -> None:
    for kind in KINDS:
        assert kind.value.kind == kind.name
        assert not {"version", "revisions"} & set(kind.value.model_fields)


def test_the_seven_texts_of_the_default_design_are_one_run() -> None:
    """As releases of two days wrote them, each with another name."""
    texts = (GOLDEN / "default_designs.txt").read_text().splitlines()
    assert len(set(texts)) == 7
    assert {Design.restore(text) for text in texts} == {Design()}
    assert {
        naming.task_key("run", Design, naming.from_stored_text("run", Design, text, "design")[0]) for text in texts
    } == {"e526b6a759d30ad1"}
    assert Design().digest == "e526b6a759d30ad1"


def test_a_copy_with_another_field_has_its_own_digest() -> None:
    """Though the text of the first was made, and is kept with it."""
    first = Design()
    assert first.digest == Design().digest
    other = first.model_copy(update={"seed": 3})
    assert other.digest == Design(seed=3).digest != first.digest
    assert (other, hash(other)) == (Design(seed=3), hash(Design(seed=3)))
    assert first == Design()
    assert first.model_copy(deep=True).digest == first.digest


def alike(several: list[Task]) -> None:
    """Equal keys if and only if equal values, and every one comes back from what is stored and from its sparse form."""
    keys: dict[str, Task] = {}
    values: dict[tuple[type[Task], Task], str] = {}
    for task in several:
        assert keys.setdefault(task.digest, task) == task
        assert type(keys[task.digest]) is type(task)
        assert values.setdefault((type(task), task), task.digest) == task.digest
    assert len(keys) == len(values)
    for _, task in values:
        sparse = naming.to_sparse(type(task), task.document())
        assert naming.fill_absent(type(task), sparse) == task.document()
        assert type(task).restore(task.stored()) == task
        assert type(task).restore(json.dumps(sparse)) == task


def test_made_up_tasks_have_equal_keys_exactly_if_they_are_equal() -> None:
    several = list(tasks(400))
    assert {type(task) for task in several} == {kind.value for kind in KINDS}
    assert 50 < len({task.digest for task in several}) < 350  # many are alike
    alike(several)


@pytest.mark.slow
def test_ten_thousand_made_up_tasks_have_equal_keys_exactly_if_they_are_equal() -> None:
    alike(list(tasks(10_000, seed=1)))


@given(DESIGNS)
def test_a_design_comes_back_from_what_differs_from_absence(design: Design) -> None:
    sparse = naming.to_sparse(Design, design.document())
    assert naming.fill_absent(Design, sparse) == design.document()
    assert naming.to_sparse(Design, naming.fill_absent(Design, sparse)) == sparse


def test_kinds_are_left_out_where_they_are_the_absent_ones_and_nested_tasks_by_their_own_form() -> None:
    assert naming.to_sparse(Design, Design().document()) == {}
    assert naming.to_sparse(Search, Search(design=Design(seed=4)).document()) == {"design": {"seed": 4}}
    given = {"design": {"neuron": {"surrogate": {"kind": "atan", "slope": 3}}}, "inits": ["kaiming", "glorot"]}
    surveyed = naming.to_sparse(GradientSurvey, GradientSurvey.check(given).document())
    assert surveyed == {
        "design": {"neuron": {"surrogate": {"slope": 3.0}}},
        "inits": [{"kind": "kaiming"}, {"kind": "glorot"}],
    }


@contextmanager
def moved(model: type[Part], field: str, default: Any) -> Iterator[None]:
    """A release in which this default is another one, also in the parts around it."""
    about, around = model.model_fields[field], [model, Neuron, Data, Training, Design, Search]
    before = about.default
    about.default = default
    for each in around:
        each.model_rebuild(force=True)
    try:
        yield
    finally:
        about.default = before
        for each in around:
            each.model_rebuild(force=True)


@contextmanager
def another_slope(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A release in which a parameter of the catalogue has another default."""
    entry = SURROGATES["atan"]
    other = replace(entry, parameters=(replace(entry.parameters[0], default=5.0),))
    with monkeypatch.context() as patch:
        patch.setitem(SURROGATES._entries, "atan", other)
        yield


def test_a_default_that_moves_renames_nothing_and_leaves_links_and_texts_what_they_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    designs = [Design(), Design(seed=3), links.change(Design(), {"network": "mlp", "neuron.beta": 0.9})]
    several: list[Task] = [*designs, *(Search(design=design) for design in designs[:2])]
    told = [(type(task), task.digest, task.stored(), task) for task in several]
    opened = [(links.to_query(design), design) for design in designs]
    sparse = json.dumps({"neuron": {"threshold": 0.5}})
    meant = Design.restore(sparse)
    with moved(Neuron, "beta", 0.75), another_slope(monkeypatch), moved(Search, "decay", 0.5):
        naming.digest.cache_clear()
        assert (Design().neuron.beta, Design().neuron.surrogate["slope"]) == (0.75, 5.0)
        assert Design().digest not in {digest for _, digest, _, _ in told}
        for kind, digest, text, task in told:
            assert kind.restore(text) == task
            assert task.digest == digest
        for query, design in opened:
            assert links.from_query(query or "seed=0") == design
            assert links.from_query(links.to_query(design)) == design
        assert links.to_query(Design(seed=3)) == "neuron.beta=0.75&neuron.surrogate.slope=5.0&seed=3"
        assert links.from_query("") == Design() != designs[0]  # an address without a word shows the default
        assert (Design.restore(sparse), Design.read(sparse).neuron.beta) == (meant, 0.75)
    naming.digest.cache_clear()
    assert Design().digest == told[0][1]


def test_a_link_of_a_page_means_what_it_meant_when_its_default_moves() -> None:
    sweep = SkipSweep(beta=0.25)
    link = links.part_to_query(sweep, "study.")
    assert link == "study.beta=0.25"
    with moved(SkipSweep, "threshold", 0.5):
        read = links.part_from_query(SkipSweep, {"study.beta": "0.25"}, "study.")
        assert SkipSweep.model_validate(read) == sweep
        assert SkipSweep.model_validate(links.part_from_query(SkipSweep, {}, "study.")).threshold == 0.5
        assert links.part_to_query(sweep, "study.") == link
        assert "study.threshold=0.5" in links.part_to_query(SkipSweep(), "study.")
        absent = SkipSweep(threshold=sweep.threshold)
        again = dict([links.part_to_query(absent, "study.").split("=")])
        assert SkipSweep.model_validate(links.part_from_query(SkipSweep, again, "study.")) == absent


def test_a_short_text_of_a_choice_means_what_it_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    with another_slope(monkeypatch):
        assert links.parse_choice(SURROGATES, "surrogate", "atan")["slope"] == 2.0
        assert links.format_choice(SURROGATES, links.parse_choice(SURROGATES, "surrogate", "atan:slope=5")) == (
            "atan:slope=5"
        )


def test_a_stored_text_passes_through_the_upgrades_since_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that called the leak otherwise, and one before it that had it in percent."""

    def renamed(_: str, document: dict[str, Any]) -> dict[str, Any]:
        design = document.get("design", document)
        design["neuron"]["beta"] = design["neuron"].pop("leak")
        return document

    def shared(_: str, document: dict[str, Any]) -> dict[str, Any]:
        design = document.get("design", document)
        design["neuron"]["leak"] = design["neuron"].pop("percent") / 100
        return document

    monkeypatch.setattr(naming, "UPGRADES", [shared, renamed])
    today = links.change(Design(), {"neuron.beta": 0.75})
    assert json.loads(today.stored())["version"] == 2
    for task, kind in ((today, Design), (Search(design=today), Search)):
        for version, field, value in ((0, "percent", 75), (1, "leak", 0.75), (2, "beta", 0.75)):
            document = {**task.document(), "version": version}
            neuron = document.get("design", document)["neuron"]
            del neuron["beta"]
            neuron[field] = value
            assert kind.restore(json.dumps(document)) == task
    with pytest.raises(InputError, match=r"^design.version must be at most 2: update snnviz, got 3$"):
        Design.restore('{"version": 3}')


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"version": true}', '{"version": -1}', '{"nothing": 1}'])
def test_a_stored_text_that_is_none_is_a_sentence(text: str) -> None:
    with pytest.raises(InputError):
        Design.restore(text)


def test_an_address_without_a_word_is_bare_and_a_link_to_a_run_is_too() -> None:
    assert links.has_no_settings({})
    assert links.has_no_settings({"run": "abc", "embed": "true"})
    assert not links.has_no_settings({"view": "study"})


def test_a_truth_is_no_number() -> None:
    assert not naming.json_equal(True, 1)
    assert naming.json_equal(1, 1.0)
    assert BlockNetwork().blocks == 1
