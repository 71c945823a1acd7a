"""A Design: its canonical form, its name, and what it refuses."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from snnviz.design import design as module
from snnviz.design.design import Design
from snnviz.design.menus import DATASETS
from snnviz.design.networks import KINDS, BlockNetwork, MlpNetwork
from snnviz.design.parts import Neuron, Training
from snnviz.errors import InputError
from tests.designs import DESIGNS, DOCUMENTS, attempt, broken, is_a_sentence, within_200_ms

GOLDEN = Path(__file__).parents[1] / "golden" / "default_design.json"


def read_within_200_ms(text: str) -> Design:
    design: Design = within_200_ms(Design.read, text)
    return design


def test_the_default_design_has_not_changed() -> None:
    """Links and stored runs depend on every default: to change one is to break them (see Design's docstring)."""
    assert Design().canonical() == GOLDEN.read_text().strip()


@given(DESIGNS)
def test_every_design_survives_json(design: Design) -> None:
    again = Design.read(design.canonical())
    assert again == design
    assert again.canonical() == design.canonical()
    assert again.digest == design.digest
    assert hash(again) == hash(design)
    assert Design.check(design.document()) == design


@given(DESIGNS)
def test_every_design_can_be_copied_and_pickled(design: Design) -> None:
    assert pickle.loads(pickle.dumps(design)) == design
    assert copy.deepcopy(design) == design


@given(DOCUMENTS, DOCUMENTS)
def test_two_designs_share_a_name_exactly_when_they_are_equal(one: Any, other: Any) -> None:
    a, b = Design.check(one), Design.check(other)
    assert (a.digest == b.digest) == (a == b)


def as_written_by_others(value: Any) -> Any:
    """The same document with 2 as 2.0, 2.0 as 2, 0 as -0.0, and its keys in another order."""
    if isinstance(value, dict):
        return {name: as_written_by_others(inner) for name, inner in reversed(value.items())}
    if isinstance(value, list):
        return [as_written_by_others(inner) for inner in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if value == 0:
        return -0.0
    if isinstance(value, int):
        return float(value)
    return int(value) if value.is_integer() else value


@given(DESIGNS)
def test_the_same_numbers_written_differently_name_the_same_run(design: Design) -> None:
    other = Design.read(json.dumps(as_written_by_others(design.document())))
    assert other.digest == design.digest


def test_the_digest_is_the_same_in_another_process_with_another_hash_seed() -> None:
    command = [sys.executable, "-c", "from snnviz.design.design import Design; print(Design().digest)"]
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(module.__file__).rsplit("/snnviz/", 1)[0]}
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()
    assert printed == Design().digest
    assert len(printed) == 16


def test_a_design_cannot_be_changed() -> None:
    design = Design()
    with pytest.raises(ValidationError):
        design.seed = 1
    with pytest.raises(ValidationError):
        design.neuron.threshold = 2.0
    with pytest.raises(TypeError):
        design.init["kind"] = "kaiming"
    with pytest.raises(TypeError):
        design.training.optimizer.update(beta1=0.5)
    assert design == Design()


def test_parts_made_in_code_are_the_parts_that_documents_make() -> None:
    made = Design(
        network=MlpNetwork(depth=3, width=50), neuron=Neuron(threshold=1, reset="zero"), training=Training(epochs=2)
    )
    read = Design.read(
        '{"network": {"kind": "mlp", "depth": 3, "width": 50}, "neuron": {"reset": "zero"}, "training": {"epochs": 2}}'
    )
    assert made == read
    assert BlockNetwork().depth == 4


def test_importing_designs_and_the_catalogue_loads_neither_torch_nor_streamlit() -> None:
    code = (
        "import sys, snnviz.design.links, snnviz.catalog.examples; from snnviz.theory.variance import forecast_layers;"
        "from snnviz.design.design import Design; forecast_layers(Design());"
        "print(sorted({'torch', 'snntorch', 'streamlit', 'pandas', 'sklearn'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(module.__file__).rsplit("/snnviz/", 1)[0]}
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert printed.stdout.strip() == "[]"


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(broken())
def test_a_document_that_breaks_a_rule_is_refused_with_a_sentence_that_names_the_field(case: tuple[str, Any]) -> None:
    path, document = case
    text = json.dumps(document)
    with pytest.raises(InputError) as caught:
        read_within_200_ms(text)
    assert is_a_sentence(caught.value)
    named = path if path.isprintable() else repr(path)[1:-1]
    assert caught.value.field.startswith(named)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["data", "network", "kind", "edges", "init", "neuron", "seed"]), inner)
            | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        ),
        max_leaves=30,
    )
)
def test_any_json_is_a_design_or_a_sentence(document: Any) -> None:
    design = attempt(read_within_200_ms, json.dumps(document))
    if isinstance(design, InputError):
        assert is_a_sentence(design)
    else:
        assert Design.read(design.canonical()) == design


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text(alphabet='{}[]":, 0123456789.eE+-NaInfityseed'))
def test_any_text_is_a_design_or_a_sentence(text: str) -> None:
    design = attempt(read_within_200_ms, text)
    assert isinstance(design, Design) or is_a_sentence(design)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps({"seed": [0] * 2_000_000}), id="10 MB of JSON"),
        pytest.param("x" * 10_000_000, id="10 MB of text"),
        pytest.param("[" * 60_000, id="an open nest"),
        pytest.param('{"seed":' + "[" * 30_000 + "]" * 30_000 + "}", id="a deep nest"),
        pytest.param('{"network":{"kind":"block","edges":' + "[" * 900 + "]" * 900 + "}}", id="a nest that json reads"),
        pytest.param('{"seed": ' + "9" * 60_000 + "}", id="an integer of 60,000 digits"),
        pytest.param('{"seed": ' + "9" * 4_200 + "}", id="an integer of 4,200 digits"),
        pytest.param('{"seed": 1e400}', id="beyond a float"),
        pytest.param('{"neuron": {"beta": NaN}}', id="NaN"),
        pytest.param('{"neuron": {"beta": -Infinity}}', id="infinity"),
        pytest.param(json.dumps({f"field{k}": k for k in range(4_000)}), id="4,000 unknown fields"),
        pytest.param(
            json.dumps({"neuron": {f"field{k}": k for k in range(4_000)}}), id="4,000 unknown fields of a part"
        ),
        pytest.param(json.dumps({"init": {"kind": "x" * 60_000}}), id="a long name"),
        pytest.param(json.dumps({"x" * 60_000: 1}), id="a long field"),
        pytest.param(json.dumps({"network": {"kind": "block", "edges": [[0] * 170] * 170}}), id="a matrix of 170 rows"),
        pytest.param('{"\\ud800": 1}', id="half a character"),
        pytest.param('{"seed": "\\ud800"}', id="half a character as a value"),
        pytest.param("\ufeff{}", id="a byte order mark"),
        pytest.param("null", id="null"),
        pytest.param("", id="nothing"),
    ],
)
def test_hostile_text_is_refused_at_once_with_a_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_within_200_ms(text)
    assert is_a_sentence(caught.value)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"neuron": {"threshold": -1}}, "neuron.threshold must be a number from 0 to 10, got -1"),
        ({"training": {"epochs": 0}}, "training.epochs must be a whole number from 1 to 1000, got 0"),
        ({"training": {"epochs": "3"}}, "training.epochs must be a whole number from 1 to 1000, got '3'"),
        (
            {"neuron": {"reset": "zer"}},
            "neuron.reset must be one of subtract, zero, none, got 'zer'; did you mean 'zero'?",
        ),
        ({"neurn": {}}, "neurn must be a field of a design, got {}; did you mean 'neuron'?"),
        ({"neuron": {"bta": 1}}, "neuron.bta must be a field of a design, got 1; did you mean 'beta'?"),
        (
            {"network": {"kind": "cmn"}},
            f"network.kind must be one of {', '.join(KINDS)}, got 'cmn'; did you mean 'cnn'?",
        ),
        ({"network": {"kind": "mlp", "edges": 0}}, "network.edges must be a field of a network of kind mlp, got 0"),
        (
            {"network": {"kind": "mlp", "widht": 9}},
            "network.widht must be a field of a network of kind mlp, got 9; did you mean 'width'?",
        ),
        (
            {"data": {"name": "minst"}},
            f"data.name must be one of {', '.join(DATASETS.kinds)}, got 'minst'; did you mean 'mnist'?",
        ),
        ({"data": 3}, "data must be an object with fields, got 3"),
        ({1: 2}, "1 must be a field of a design, got 1"),
        ({"init": {"kind": "kaiming", 1: 2}}, "init.1 must be a parameter of kaiming (gain), got 2"),
        ([], "design must be a JSON object, got []"),
    ],
)
def test_the_sentence_says_what_to_mend(document: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Design.check(document)
    assert str(caught.value) == sentence
