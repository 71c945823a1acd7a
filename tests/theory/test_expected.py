"""What finished runs let expect: files that hold, what is unknown, what is near. Growing: `test_expecting`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.studies.tradeoffs.compute.expecting import train_model
from snnviz.theory import expected_files
from snnviz.theory.expected import ALL_TOGETHER, Model
from snnviz.theory.expected_files import load_model, model_path, save_model
from snnviz.theory.features import FeatureSpace, distances, settings_of, unknown_setting
from tests import surface

DESIGNS = surface.designs(60)


@pytest.fixture(scope="module")
def model() -> Model:
    made = train_model("digits", surface.groups(DESIGNS))
    assert made is not None
    return made


def away(model: Model, **changes: object) -> str:
    return model.predict(
        links.change(DESIGNS[0], {path.replace("__", "."): value for path, value in changes.items()})
    ).unknown


class TestUnknown:
    def test_a_kind_that_was_never_tried(self, model: Model) -> None:
        assert away(model, init__kind="zenke-2021") == "init.kind"
        assert away(model, network__kind="cnn") == "network.kind"
        assert away(model, training__optimizer="sgd") == "training.optimizer.kind"

    def test_a_number_beyond_what_was_tried(self, model: Model) -> None:
        assert away(model, neuron__threshold=1.55) == "neuron.threshold"
        assert away(model, network__depth=6) == "network.depth"

    def test_a_number_that_all_runs_have_in_common(self, model: Model) -> None:
        assert away(model, training__epochs=16) == "training.epochs"

    def test_what_was_tried_and_what_is_between_is_known(self, model: Model) -> None:
        for number in (0.5, 0.6, 0.875, 1.0, 1.4, 1.5):
            assert away(model, neuron__threshold=number) == ""

    def test_a_gap(self) -> None:
        """One of several evenly tried numbers was left out; between the others nothing is unknown."""
        for tried, left_out, between in (
            ([0.5, 0.75, 1.25, 1.5], 1.0, 0.6),
            ([0.2, 0.4, 0.6, 0.8, 1.2], 1.0, 0.5),
            ([0.5, 1.5], 1.0, 0.6),
        ):
            told = [settings_of(links.change(Design(), {"neuron.threshold": one})) for one in tried]
            fields = FeatureSpace.from_designs([(Design(), one) for one in told])
            asked = [settings_of(links.change(Design(), {"neuron.threshold": one})) for one in (left_out, between)]
            assert [unknown_setting(fields, one) for one in asked] == ["neuron.threshold", ""]

    @pytest.mark.parametrize(
        ("tried", "number", "expected"),
        [
            ([1, 3, 4, 16, 64], 2, "training.epochs"),
            ([1, 8, 9, 11, 64], 10, "training.epochs"),
            ([1, 3, 5, 64], 2, ""),  # nor was 4: that is no row that leaves out one
            ([1, 2, 6, 36], 3, ""),
        ],
    )
    def test_the_one_whole_number_that_a_row_leaves_out(self, tried: list[int], number: int, expected: str) -> None:
        """However near it is to others."""
        told = [settings_of(links.change(Design(), {"training.epochs": one})) for one in [*tried, number]]
        assert unknown_setting(FeatureSpace.from_designs([(Design(), one) for one in told[:-1]]), told[-1]) == expected

    def test_what_all_had_and_this_one_has_not(self) -> None:
        """Of neurons of another kind, say; it is known where it was tried."""
        whole = settings_of(Design())
        without = {path: value for path, value in whole.items() if path != "neuron.beta"}
        assert (
            unknown_setting(FeatureSpace.from_designs([(Design(), whole), (Design(), whole)]), without) == "neuron.beta"
        )
        assert unknown_setting(FeatureSpace.from_designs([(Design(), whole), (Design(), without)]), without) == ""

    def test_decades_are_looked_at_by_their_logarithm(self) -> None:
        told = [settings_of(links.change(Design(), {"training.learning_rate": 10.0**-n})) for n in (1, 2, 3, 5)]
        fields = FeatureSpace.from_designs([(Design(), one) for one in told])
        asked = [settings_of(links.change(Design(), {"training.learning_rate": one})) for one in (1e-4, 0.03)]
        assert [unknown_setting(fields, one) for one in asked] == ["training.learning_rate", ""]

    def test_all_settings_tried_and_nothing_near_them(self, model: Model) -> None:
        lonely = Model.__new__(Model)
        lonely.__dict__ |= model.__dict__ | {"reach": -1.0}
        answer = lonely.predict(DESIGNS[0])
        assert (answer.unknown, answer.expected) == (ALL_TOGETHER, {})
        assert len(answer.nearest) == 3

    def test_a_matrix_is_told_by_its_connections(self) -> None:
        told = [settings_of(links.change(Design(), {"network.edges": text})) for text in ("000/000/000", "002/000/000")]
        assert [one["skips.asc"] for one in told] == [0.0, 1.0]
        fields = FeatureSpace.from_designs([(Design(), one) for one in told])
        back = settings_of(links.change(Design(), {"network.edges": "000/000/010"}))
        assert unknown_setting(fields, back) == "skips.backward"


def test_the_nearest_runs_are_those_with_the_fewest_differences(model: Model) -> None:
    answer = model.predict(replace_seed(DESIGNS[7]))
    groups = surface.groups(DESIGNS)
    assert answer.nearest[0].run == groups[7].runs[0]
    assert answer.nearest[0].distance == 0
    assert answer.nearest[0].seeds == 3
    assert answer.nearest[0].values["accuracy"] == pytest.approx(np.mean([*groups[7].values["accuracy"].values()]))
    assert [one.distance for one in answer.nearest] == sorted(one.distance for one in answer.nearest)


def replace_seed(design: Design) -> Design:
    return links.change(design, {"seed": 77})


def test_numbers_of_which_several_were_tried_can_be_an_axis(model: Model) -> None:
    for design in (DESIGNS[0], DESIGNS[7]):
        tried = {path: {links.flatten(one).get(path) for one in DESIGNS} for path in links.flatten(design)}
        several = {path for path, values in tried.items() if len(values - {None}) > 1 and path != "seed"}
        numbers = {path for path in several if isinstance(links.flatten(design)[path], int | float)}
        assert set(model.varied_fields(design)) == numbers != set()


def test_distances_are_shares_and_kinds() -> None:
    """By the definition: a literal loop over the fields."""
    told = [settings_of(design) for design in DESIGNS[:12]]
    fields = FeatureSpace.from_designs([*zip(DESIGNS[:12], told, strict=True)])
    found = distances(fields.places(told), fields.places(told))
    for a, one in enumerate(told):
        for b, other in enumerate(told):
            total = 0.0
            for field in fields.fields:
                if field.path in ("parameters", "macs"):
                    continue
                if not field.is_numeric or {field.path in one, field.path in other} != {True}:
                    total += one.get(field.path) != other.get(field.path)
                elif len(field.values) > 1:
                    low, high = field.scaled(field.values[0]), field.scaled(field.values[-1])
                    total += abs(field.scaled(one[field.path]) - field.scaled(other[field.path])) / (high - low)
            assert found[a, b] == pytest.approx(total)


class TestFile:
    def test_a_model_comes_back_as_it_was(self, model: Model, tmp_path: Path) -> None:
        save_model(model, tmp_path)
        found = load_model("digits", tmp_path)
        assert found is not None
        assert [path.name for path in tmp_path.iterdir()] == [model_path("digits").name]
        for design in DESIGNS[:5]:
            assert found.predict(design) == model.predict(design)
        assert found.targets["accuracy"].check == model.targets["accuracy"].check
        assert (len(found.runs), found.designs, found.fitted) == (180, 60, model.fitted)

    def test_none_where_there_is_none(self, tmp_path: Path) -> None:
        assert load_model("digits", tmp_path) is None

    def test_damage_anywhere_is_no_model_and_no_error(self, model: Model, tmp_path: Path) -> None:
        path = save_model(model, tmp_path)
        whole = path.read_bytes()
        for size in (0, 1, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:size])
            assert load_model("digits", tmp_path) is None
        draw = np.random.default_rng(0)
        for _ in range(40):
            at = int(draw.integers(len(whole)))
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << int(draw.integers(8))]) + whole[at + 1 :])
            found = load_model("digits", tmp_path)
            assert found is None or found.predict(DESIGNS[0]) == model.predict(DESIGNS[0])

    def test_arrays_that_do_not_fit_together_are_none(self, model: Model, tmp_path: Path) -> None:
        path = save_model(model, tmp_path)
        with np.load(path) as file:
            whole = {name: file[name] for name in file.files}
        cut = {name: whole[name][..., :-1] for name in ("runs", "of", "values", "numbers", "kinds")}
        cases = [whole, *({name: array} for name, array in cut.items())]
        cases += [{"kinds": whole["kinds"][:-1]}, {"values": whole["values"][:-1]}]
        cases.append({"of": np.where(whole["of"] == 3, 4, whole["of"]).astype(np.int32)})  # a design without runs
        for number, changed in enumerate(cases):
            with path.open("wb") as opened:
                np.savez(opened, **(whole | changed))
            assert (load_model("digits", tmp_path) is None) == (number > 0), [*changed]

    def test_another_version_is_none(self, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        save_model(model, tmp_path)
        monkeypatch.setattr(expected_files, "FORMAT", expected_files.FORMAT + 1)
        assert load_model("digits", tmp_path) is None

    def test_nothing_is_unpickled(self, tmp_path: Path) -> None:
        path = model_path("digits", tmp_path)
        with path.open("wb") as file:
            np.savez(file, about=np.array([{"format": 1}], dtype=object))
        assert load_model("digits", tmp_path) is None

    def test_trees_that_lead_in_circles_are_refused(self, model: Model) -> None:
        forest = model.targets["accuracy"].forest
        for wrong in (
            replace(forest, right=np.zeros_like(forest.right)),
            replace(forest, feature=np.where(forest.feature >= 0, 999, forest.feature).astype(np.int16)),
            replace(forest, roots=forest.roots + np.int32(10**6)),
        ):
            with pytest.raises(ValueError, match="no forest"):
                wrong.check(model.fields.columns)

    def test_a_strangers_name_is_no_path(self, tmp_path: Path) -> None:
        assert model_path("../../etc/passwd", tmp_path).parent == tmp_path
