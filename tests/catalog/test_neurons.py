"""What every neuron of the catalogue promises, what only LIF neurons have, and that nobody asks for them by name."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.catalog import neurons as module
from snnviz.catalog.inits import LIF, is_valid_for, weight_distribution
from snnviz.catalog.neurons import as_lif, respond
from snnviz.cli.reference import reference
from snnviz.design.design import Design
from snnviz.design.links import change, from_query, one_line_summary, resets_part, to_query
from snnviz.design.menus import INITS, NEURONS, Choice
from snnviz.design.neurons import Model
from snnviz.design.parts import AnyNeuron, Neuron
from snnviz.design.registry import Parameter
from snnviz.errors import InputError
from snnviz.graph.nearest import nearest_design
from snnviz.places import ROOT
from snnviz.theory.verdicts import activity_verdict, suggest_changes
from snnviz.views.error_messages import error_text
from snnviz.views.words import option, word
from tests.designs import is_a_sentence, outside

KINDS = ", ".join(NEURONS.kinds)
ENTRIES = [pytest.param(NEURONS[kind], id=kind) for kind in NEURONS.kinds]
PARAMETERS = [
    pytest.param(NEURONS[kind], parameter, id=f"{kind}.{parameter.name}")
    for kind in NEURONS.kinds
    for parameter in NEURONS[kind].parameters
]
OPTIONS = [
    pytest.param(NEURONS[kind], name, value, id=f"{kind}.{name}={value}")
    for kind in NEURONS.kinds
    for name, values in NEURONS[kind].options.items()
    for value in values
]


def with_neuron(kind: str, **fields: Any) -> Design:
    timed = NEURONS[kind].states
    return Design.check({"neuron": {"kind": kind, **fields}, "data": {} if timed else {"steps": 1}, "init": "kaiming"})


def refused(document: dict[str, Any]) -> InputError:
    with pytest.raises(InputError) as caught:
        Design.check(document)
    assert is_a_sentence(caught.value)
    return caught.value


def test_each_is_a_file_of_its_name_and_lif_comes_first() -> None:
    files = {path.stem for path in (ROOT / "snnviz" / "catalog" / "neurons").glob("*.py")} - {"__init__"}
    assert {kind.replace("-", "_") for kind in NEURONS.kinds} == files
    assert NEURONS.kinds[0] == "lif"
    assert NEURONS.kinds[1:] == tuple(sorted(NEURONS.kinds[1:]))


@pytest.mark.parametrize("entry", ENTRIES)
def test_it_says_what_it_is_and_its_equation_and_is_in_the_reference_and_on_the_form(entry: Model) -> None:
    assert entry.formula
    assert "unit" in (inspect.getdoc(entry.function) or "") or not entry.states
    about = reference().split("## Neurons\n")[1].split("\n## ")[0].split(f"### {entry.kind}\n")[1].split("\n### ")[0]
    assert entry.formula in about
    assert all(f"`neuron.{name}`" in about for name in (*entry.options, *(p.name for p in entry.parameters)))
    assert option("neuron.kind", entry.kind) == entry.label
    assert entry.title in word("neuron.kind").help
    usual = entry.part.model_validate({"kind": entry.kind})
    assert isinstance(usual, AnyNeuron)
    assert usual.kind == entry.kind
    assert AnyNeuron.class_for({"kind": entry.kind}) is entry.part


@pytest.mark.parametrize("entry", ENTRIES)
def test_its_step_is_pure_begins_with_the_current_and_says_what_it_says_it_does(entry: Model) -> None:
    neuron = entry.part.model_validate({"kind": entry.kind})
    assert isinstance(neuron, AnyNeuron)
    current = np.random.default_rng(1).normal(0.4, 1, (7, 50))
    before = current.copy()
    u, said = respond(current, neuron)
    again, _ = respond(current, neuron)
    assert np.array_equal(current, before)
    assert np.array_equal(u, again)
    assert np.array_equal(u[0], current[0])  # which variances of a single step rest on
    assert set(np.unique(said)) == {0.0, 1.0} if entry.spiking else said.max() > 1
    assert respond(current.astype(np.float32), neuron)[0].dtype == np.float32


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_it_learns_can_be_computed_back_from_the_leak_or_threshold_that_is_shown(entry: Model) -> None:
    parts = [{}, *({name: value} for name, values in entry.options.items() for value in values)]
    for each in (each for fields in parts for each in entry.learnable(entry.part(**fields))):
        leak_of_another = each.row == "beta" and each.field != "beta"
        learnt = np.linspace(-3, 3, 7) if leak_of_another else np.linspace(0, 1, 7)
        again = each.inverse(each.shown(each.transform(learnt)))
        assert again == pytest.approx(learnt, abs=1e-9), each.name


@pytest.mark.parametrize(("entry", "parameter"), PARAMETERS)
def test_each_number_has_a_range_whose_ends_survive_link_and_command(entry: Model, parameter: Parameter) -> None:
    limits = parameter.range
    assert limits.canonical(parameter.default, parameter.whole) == parameter.default
    assert limits.help.endswith(".")
    assert limits.step is not None
    for end in (limits.low, limits.high):
        made = with_neuron(entry.kind, **{parameter.name: end})
        assert getattr(made.neuron, parameter.name) == end
        assert from_query(to_query(made)) == made
        assert Design.restore(made.stored()) == made
        settings = {"neuron.kind": entry.kind, f"neuron.{parameter.name}": str(end), "init": "kaiming"}
        steps = {} if entry.states else {"data.steps": 1}
        assert change(Design(), {**settings, **steps}) == made


@pytest.mark.parametrize(("entry", "name", "value"), OPTIONS)
def test_each_option_survives_a_link(entry: Model, name: str, value: str) -> None:
    if not entry.states and name == "learn":
        return
    made = with_neuron(entry.kind, **{name: value})
    assert getattr(made.neuron, name) == value
    assert from_query(to_query(made)) == made


@pytest.mark.parametrize(("entry", "parameter"), PARAMETERS)
@settings(max_examples=15)
@given(data=st.data())
def test_what_is_outside_a_range_is_refused_with_a_sentence(
    entry: Model, parameter: Parameter, data: st.DataObject
) -> None:
    wrong = data.draw(outside(parameter.range, parameter.whole))
    error = refused({"neuron": {"kind": entry.kind, parameter.name: wrong}})
    assert error.field == f"neuron.{parameter.name}"
    assert parameter.range.rule(parameter.whole) in str(error)


@pytest.mark.parametrize(
    ("neuron", "sentence"),
    [
        ({"kind": "lfi"}, f"neuron.kind must be one of {KINDS}, got 'lfi'; did you mean 'lif'?"),
        ({"kind": ["lif"]}, f"neuron.kind must be one of {KINDS}, got ['lif']"),
        ({"kind": "plif", "beta": 0.5}, "neuron.beta must be a field of a neuron of kind plif, got 0.5"),
        (
            {"kind": "plif", "tua": 3},
            "neuron.tua must be a field of a neuron of kind plif, got 3; did you mean 'tau'?",
        ),
        ({"kind": "synaptic", "learn": "all"}, "neuron.learn must be one of none, alpha, beta, both, got 'all'"),
        (
            {"kind": "synaptic", "surrogate": "atn"},
            "neuron.surrogate.kind must be one of atan, fast-sigmoid, sigmoid, triangle, got 'atn'; "
            "did you mean 'atan'?",
        ),
        ({"tau": 3}, "neuron.tau must be a field of a design, got 3"),
    ],
)
def test_what_a_neuron_does_not_have_is_a_sentence(neuron: dict[str, Any], sentence: str) -> None:
    assert str(refused({"neuron": neuron})) == sentence


def test_another_kind_begins_anew_save_relus_which_have_the_numbers_of_lif() -> None:
    assert not resets_part("neuron.kind", "lif", "relu")
    slow = change(Design(), {"neuron.beta": 0.9, "neuron.threshold": 0.5})
    assert to_query(change(slow, {"neuron.kind": "plif", "neuron.tau": "4"})) == "neuron.kind=plif&neuron.tau=4.0"
    relus = change(slow, {"neuron.kind": "relu", "data.steps": 1})
    assert isinstance(relus.neuron, Neuron)
    assert (relus.neuron.beta, relus.neuron.threshold) == (0.9, 0.5)
    back = change(change(slow, {"neuron.kind": "synaptic"}), {"neuron.kind": "lif"})
    assert back == Design()
    made = change(Design(), {"neuron.surrogate.slope": 3, "neuron.kind": "plif", "neuron.surrogate.kind": "sigmoid"})
    assert to_query(made) == "neuron.kind=plif&neuron.surrogate.kind=sigmoid&neuron.surrogate.slope=3.0"
    assert from_query(to_query(made)) == made
    assert "plif" in one_line_summary(made)


def test_fields_of_lif_are_those_of_before_and_no_other_kind_is_in_their_part() -> None:
    assert NEURONS["lif"].part is NEURONS["relu"].part is Neuron
    assert list(Neuron.model_fields) == ["kind", "threshold", "beta", "reset", "learn", "surrogate"]
    assert Design().digest == "e526b6a759d30ad1"


@pytest.mark.parametrize("kind", NEURONS.kinds)
def test_formulas_of_lif_are_refused_elsewhere_in_a_sentence_with_the_nearest_that_works(kind: str) -> None:
    neuron = NEURONS[kind].part.model_validate({"kind": kind})
    assert isinstance(neuron, AnyNeuron)
    of_lif = [entry.kind for entry in INITS if LIF in entry.traits]
    assert of_lif == ["ding-2022", "fluctuation-driven", "reset-aware", "gradient-preserving"]
    for init in of_lif:
        asked = {"neuron": {"kind": kind}, "init": init, "data": {"steps": 3 if NEURONS[kind].states else 1}}
        assert is_valid_for(init, neuron) == (as_lif(neuron) is not None)
        if is_valid_for(init, neuron):
            assert Design.check(asked).init.kind == init
            continue
        error = refused(asked)
        assert error.field == "init.kind"
        assert f"where neuron.kind is {kind}, got {init!r}; the nearest has init.kind=variance-preserving" in str(error)
        found = error_text(error)
        assert found.startswith("Initialisation must be one of variance preserving, kaiming, ")
        near = nearest_design(
            Design.check({**asked, "init": "kaiming"}).model_copy(update={"init": Choice({"kind": init})})
        )
        assert near.design.neuron == neuron
        assert near.changes == {"init.kind": "variance-preserving"}


@pytest.mark.parametrize("kind", ["plif", "synaptic"])
def test_one_spike_a_neuron_is_for_relus_and_the_nearest_design_has_them(kind: str) -> None:
    error = refused({"neuron": {"kind": kind}, "network": {"kind": "mlp", "code": "ttfs"}})
    assert str(error).startswith(f"neuron.kind must be relu where network.code is ttfs, got '{kind}'; the nearest has ")
    near = nearest_design(Design.check({"neuron": {"kind": kind}, "network": {"kind": "mlp"}}), code="ttfs")
    assert (near.design.neuron.kind, near.changes["neuron.kind"]) == ("relu", "relu")


def test_plif_has_the_initialisations_of_the_lif_that_it_begins_as() -> None:
    plif = NEURONS["plif"].part.model_validate({"kind": "plif", "tau": 4, "threshold": 0.8, "reset": "zero"})
    assert isinstance(plif, AnyNeuron)
    lif = Neuron(threshold=0.8, beta=0.75, reset="zero")
    for init in ("ding-2022", "reset-aware", "variance-preserving"):
        assert weight_distribution(Choice({"kind": init}), 100, 100, plif) == weight_distribution(
            Choice({"kind": init}), 100, 100, lif
        )


def test_advice_holds_for_any_neuron_that_spikes_above_a_threshold() -> None:
    quiet = Design.check({"neuron": {"kind": "synaptic", "threshold": 6}, "init": "zenke-2021"})
    assert activity_verdict(quiet)[0] == "bad"
    assert "silent at threshold 6" in activity_verdict(quiet)[1]
    found = suggest_changes(quiet)
    assert found
    assert all(advice.design.neuron.kind == "synaptic" for advice in found)


def test_nobody_asks_whether_a_neuron_is_lif_by_its_name() -> None:
    """A neuron that is added would be taken for something else. What it is, its entry says."""
    found = []
    for path in sorted((ROOT / "snnviz").rglob("*.py")):
        if path.is_relative_to(ROOT / "snnviz" / "catalog" / "neurons"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                kinds = [side for side in sides if isinstance(side, ast.Attribute) and side.attr == "kind"]
                of_neuron = any("neuron" in ast.unparse(side.value) for side in kinds)
                if of_neuron and any(isinstance(side, ast.Constant) and side.value == "lif" for side in sides):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []
    assert module.model(Neuron()).spiking
