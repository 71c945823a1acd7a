"""A look at an image, and at all of them: what leaves the process is what the network computed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from snnviz.core import data, train
from snnviz.core.activity import Activity
from snnviz.core.networks import Network
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.studies.inside.compute import looking
from snnviz.studies.inside.compute.opening import open_network
from snnviz.studies.inside.compute.overview import confusion, overview
from snnviz.studies.inside.look import Look, picture_text
from tests.studies.inside.compute.designs import DEEP, DESIGNS, Events, design


@pytest.mark.parametrize("made", DESIGNS.values(), ids=DESIGNS)
def test_confusion_and_accuracy_are_the_runs_own(made: Design, trained: Callable[[Design], Events]) -> None:
    arrays, end = trained(made)
    look, test = Look(), data.load(made)[1]
    network = open_network(made, arrays, look)
    found = overview(network, made, test, look)
    assert found.about["accuracy"] == found.about["by_steps"][-1] == end.test_accuracy
    table = confusion(found.arrays["predicted"], found.arrays["labels"], 10)
    assert table.sum() == len(test)
    assert np.trace(table) / len(test) == end.test_accuracy
    assert [int(row) for row in table.sum(1)] == np.bincount(test.labels, minlength=10).tolist()
    if end.rate is not None:  # of all spiking layers together
        neurons = [one["neurons"] for one in found.about["layers"]]
        mean = np.average([one["rate"] for one in found.about["layers"]], weights=neurons)
        assert mean == pytest.approx(end.rate, rel=1e-6)
    for number in (0, 7, 59):  # and one image at a time, a noisy encoding as in the test
        one = looking.look_at(network, made, test, Look(image=number))
        assert one.about["predicted"][-1] == found.arrays["predicted"][number]
        assert one.about["label"] == test.labels[number]


@pytest.mark.parametrize("made", DESIGNS.values(), ids=DESIGNS)
def test_steps_allowed_are_those_of_a_test_that_stops(made: Design, trained: Callable[[Design], Events]) -> None:
    arrays, _ = trained(made)
    test = data.load(made)[1]
    network = open_network(made, arrays, Look())
    found = overview(network, made, test, Look())
    answers = np.stack(
        [looking.look_at(network, made, test, Look(image=number)).about["predicted"] for number in range(0, 60, 6)]
    )
    for own, needed in zip(answers, found.arrays["steps_needed"][::6], strict=True):
        literal = next(n for n in range(1, len(own) + 1) if all(answer == own[-1] for answer in own[n - 1 :]))
        assert needed == literal
    shorter = overview(network, made, test, Look(steps=1))
    assert shorter.about["accuracy"] == found.about["by_steps"][0]


def test_what_is_told_of_a_layer_is_a_literal_count(trained: Callable[[Design], Events]) -> None:
    made = DESIGNS["skips"]
    test = data.load(made)[1]
    network = open_network(made, trained(made)[0], Look())
    found = overview(network, made, test, Look())
    potentials = network.trace(data.encode(test.images, test.white, made, "test")).potentials
    slope = made.neuron.surrogate.parameters["slope"]
    assert made.neuron.surrogate.kind == "atan"
    for one in found.about["layers"]:
        index = one["index"]
        u = potentials[index].double().numpy() / 0.5  # in thresholds
        assert (one["mean_u"], one["sd_u"]) == (pytest.approx(u.mean(), rel=1e-5), pytest.approx(u.std(), rel=1e-5))
        inside = np.clip(u, -2.999, 2.999)  # from -3 to 3 thresholds; what is beyond is in the last bars
        shares = np.histogram(inside, np.linspace(-3, 3, len(found.arrays[f"potentials.{index}"]) + 1))[0] / u.size
        assert found.arrays[f"potentials.{index}"] == pytest.approx(shares, abs=2e-4)
        assert one["gradient"] == pytest.approx((1 / (1 + (math.pi / 2 * slope * 0.5 * (u - 1)) ** 2)).mean(), rel=1e-4)
        raster = np.zeros((60, network.steps, one["neurons"]), bool)
        for number in range(60):
            spikes = looking.look_at(network, made, test, Look(image=number)).arrays[f"spikes.{index}"]
            raster[number, spikes[:, 0], spikes[:, 1]] = True
        rates = raster.mean((0, 1))
        assert found.arrays[f"rates.{index}"] == pytest.approx(rates)
        assert one["dead"] == pytest.approx((rates == 0).mean())
        assert one["saturated"] == pytest.approx((rates == 1).mean())
        intervals = np.zeros(network.steps - 1, int)
        for train_ in raster.transpose(0, 2, 1).reshape(-1, network.steps):
            for gap in np.diff(np.flatnonzero(train_)):
                intervals[gap - 1] += 1
        assert found.arrays[f"intervals.{index}"].tolist() == intervals.tolist()
        labels = test.labels.numpy()
        for label in range(10):
            own = raster[labels == label].mean() if (labels == label).any() else 0
            assert found.arrays[f"by_class.{index}"][label] == pytest.approx(own)


def test_synchrony_is_one_of_neurons_that_are_alike_and_none_of_independent_ones() -> None:
    made = design(
        {"kind": "mlp", "depth": 1, "width": 64}, data={"encoding": "rate", "steps": 40}, neuron={"threshold": 0.5}
    )
    test = data.load(made)[1]
    network = open_network(made, None, Look())
    weight = network.parameters["L1.weight"]
    network.parameters["L1.weight"] = torch.eye(64)  # each hears one pixel, whose spikes are drawn alone
    alone = overview(network, made, test, Look()).about["layers"][0]
    network.parameters["L1.weight"] = torch.full_like(weight, 0.01)
    alike = overview(network, made, test, Look()).about["layers"][0]
    for one in (alone, alike):
        assert 0 < one["rate"] < 1
    assert alone["synchrony"] == pytest.approx(0, abs=0.005)
    assert alike["synchrony"] == pytest.approx(1)


def test_traces_of_a_neuron_are_its_potential_and_the_parts_of_its_current(
    trained: Callable[[Design], Events],
) -> None:
    made = DESIGNS["skips"]
    test = data.load(made)[1]
    network = open_network(made, trained(made)[0], Look())
    found = looking.look_at(network, made, test, Look(image=3, focus="L3 5 7; readout 4"))
    assert [(one["layer"], one["neuron"]) for one in found.about["focus"]] == [("L3", 5), ("L3", 7), ("readout", 4)]
    for k, one in enumerate(found.about["focus"]):
        layer = network.architecture.layers[one["index"]]
        assert one["sources"][-1] == {"layer": "bias", "as": "bias", "delay": 0}
        assert len(one["sources"]) == len(layer.sources) + 1
        current = found.arrays[f"currents.{k}"].sum(0)
        if layer.name == "readout":
            assert f"potential.{k}" not in found.arrays
            assert current.mean() == pytest.approx(found.arrays["readout"][-1, 4], rel=1e-3)
            continue
        u, s = found.arrays[f"potential.{k}"], found.arrays[f"fired.{k}"]
        before, expected = 0.0, []
        for t in range(5):
            before = 0.5 * before + current[t] - (0.5 * s[t - 1] if t else 0)  # leak and threshold are both 0.5
            expected.append(before)
        assert u == pytest.approx(np.array(expected), abs=1e-4)
        assert s.tolist() == (u > 0.5).tolist()
    with pytest.raises(InputError, match="name at most 64 neurons"):
        looking.look_at(network, made, test, Look(focus="L3 c2; L2 c1"))


def test_large_layers_are_sampled_evenly_and_say_so(
    trained: Callable[[Design], Events], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = DESIGNS["normalised"]
    test = data.load(made)[1]
    network = open_network(made, trained(made)[0], Look())
    whole = looking.look_at(network, made, test, Look())
    total = sum(one.get("spikes", 0) for one in whole.about["layers"])
    monkeypatch.setattr(looking, "MOST_SPIKES", total // 3)
    monkeypatch.setattr(looking, "MOST_MAP", 64)
    some = looking.look_at(network, made, test, Look())
    kept = sum(len(array) for name, array in some.arrays.items() if name.startswith("spikes."))
    assert 0 < kept <= total // 3
    for index, (one, before) in enumerate(zip(some.about["layers"], whole.about["layers"], strict=True)):
        if not one["spiking"]:
            continue
        assert one["sampled"]
        assert one["spikes"] == before["spikes"], "all of them are counted"
        shown, mine = some.arrays[f"shown.{index}"], some.arrays[f"spikes.{index}"]
        assert np.ptp(np.diff(shown)) <= 1
        all_ = whole.arrays[f"spikes.{index}"]
        assert mine.tolist() == all_[np.isin(all_[:, 1], shown)].tolist()
        (channel,) = some.arrays[f"channels.{index}"]
        assert some.arrays[f"counts.{index}"][0].tolist() == whole.arrays[f"counts.{index}"][channel].tolist()


def test_no_more_spikes_are_told_than_allowed_where_the_chosen_neurons_are_the_busy_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looking, "MOST_SPIKES", 12)
    spikes = np.zeros((10, 100))
    spikes[:, [0, 99]] = 1  # both ends are among evenly chosen ones
    kept = looking._kept_neurons({0: spikes})
    assert 0 < spikes[:, kept[0]].sum() <= 12


def test_the_input_is_told_as_it_came_and_an_average_is_called_one(
    trained: Callable[[Design], Events], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = DESIGNS["rate-coded"]
    test, network = data.load(made)[1], open_network(made, trained(made)[0], Look())
    whole = looking.look_at(network, made, test, Look(image=3))
    assert (len(whole.arrays["input"]), whole.about["input_averaged"]) == (5, False)
    fewer = looking.look_at(network, made, test, Look(image=3, steps=2))
    assert fewer.arrays["input"].tolist() == whole.arrays["input"][:2].tolist()
    monkeypatch.setattr(looking, "MOST_SPIKES", 100)
    large = looking.look_at(network, made, test, Look(image=3))
    assert large.about["input_averaged"]
    assert large.arrays["input"] == pytest.approx(whole.arrays["input"].mean(0, keepdims=True))


@pytest.mark.parametrize("name", ["mlp", "rate-coded", "normalised", "skips", "relu", "recordings", "staged", "cell"])
def test_operations_are_those_that_the_network_counts_itself(name: str) -> None:
    made = DESIGNS[name] if name in DESIGNS else DEEP[name]
    test, network = data.load(made)[1], open_network(made, None, Look())
    image = data.encode(test.images, test.white, made, "test")
    seen: dict[int, Activity] = {}
    plain = Network(made)
    plain.parameters, plain.buffers = network.parameters, network.buffers
    with torch.no_grad():
        plain(image, seen.__setitem__, statistics="running")
    counted = [one.counted for one in seen.values() if one.counted is not None]
    macs, additions = (sum(getattr(one, kind) for one in counted) for kind in ("macs", "additions"))
    assert network.trace(image).operations(network.steps)[1:] == (macs, additions)
    assert macs + additions > 0


def test_a_silenced_skip_and_fewer_steps_cost_less(trained: Callable[[Design], Events]) -> None:
    made = DESIGNS["skips"]
    arrays, test = trained(made)[0], data.load(made)[1]

    def additions(**asked: Any) -> float:
        look = Look(**asked)
        found: float = overview(open_network(made, arrays, look), made, test, look).about["additions"]
        return found

    whole = additions()
    assert additions(steps=2) < whole
    assert additions(silenced="L1") < whole


def test_a_drawing_is_seen_as_an_image_of_the_data_set(trained: Callable[[Design], Events]) -> None:
    made = DESIGNS["mlp"]
    test = data.load(made)[1]
    network = open_network(made, trained(made)[0], Look())
    picture = (test.images[5].numpy().astype(int) * 255 // 16).astype(np.uint8)
    found = looking.look_at(network, made, test, Look(drawn=picture_text(picture)))
    theirs = looking.look_at(network, made, test, Look(image=5))
    assert found.about["label"] is None
    assert found.arrays["input"] == pytest.approx(theirs.arrays["input"], abs=0.2)
    for text, rule in (("1x2x2.0f81", "1x8x8"), ("1x8x8." + "0" * 64, "something on it"), ("x", "1x8x8")):
        with pytest.raises(InputError, match=rule):
            looking.look_at(network, made, test, Look(drawn=text))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"image": 60}, "image must be less than 60, the number of test images, got 60"),
        ({"steps": 6}, "steps must be at most 5, the time steps of this network, got 6"),
        ({"silenced": "L9"}, "silenced must name a layer of this network, one of L1, L2, readout, got 'L9'"),
        ({"silenced": "L1 20"}, "silenced must be less than 20 for a neuron of L1, got 20"),
        ({"silenced": "L1 x"}, "silenced must name layers and numbers"),
        ({"silenced": "readout"}, "silenced must name a layer with neurons"),
        ({"muted": "L2<L7"}, "muted must name what L2 reads: L1, got 'L7'"),
        ({"muted": "L2"}, "muted must name what a layer reads"),
        ({"focus": "L1"}, "focus must name neurons of layers"),
        ({"focus": "L1 20"}, "focus must be less than 20 for a neuron of L1, got 20"),
        ({"focus": "L1 3,1,0"}, "focus must give rows and columns of layers with maps alone"),
        ({"focus": "L1 3,1"}, "focus must name layers and numbers"),
        ({"run": "../../etc"}, "run must be the name of a run"),
        ({"threshold": 9}, "threshold must be"),
    ],
)
def test_bad_input_is_one_sentence(asked: dict[str, Any], sentence: str, trained: Callable[[Design], Events]) -> None:
    made = DESIGNS["mlp"]
    arrays, test = trained(made)[0], data.load(made)[1]

    def ask() -> None:
        look = Look.check(asked)
        looking.look_at(open_network(made, arrays, look), made, test, look)

    with pytest.raises(InputError) as error:
        ask()
    assert str(error.value).startswith(sentence)


def test_thresholds_leaks_and_noise_are_moved_without_training(trained: Callable[[Design], Events]) -> None:
    for name in ("mlp", "learnt"):
        made = DESIGNS[name]
        arrays, test = trained(made)[0], data.load(made)[1]
        image = data.encode(test.images[:20], test.white, made, "test", 0)
        network = open_network(made, arrays, Look(threshold=2, leak=0.5))
        plain = open_network(made, arrays, Look())
        for layer in network.architecture.layers[:2]:
            for kind, factor in (("threshold", 2), ("beta", 0.5)):
                place = 0 if kind == "beta" else 1
                mine, theirs = network.population(layer).learnt[place], plain.population(layer).learnt[place]
                own, before = getattr(network.design.neuron, kind), getattr(made.neuron, kind)
                assert (own if mine is None else mine) == pytest.approx(
                    factor * (before if theirs is None else theirs), rel=1e-6
                )
        assert not torch.equal(network.trace(image).readout, plain.trace(image).readout)
    made = DESIGNS["mlp"]
    noisy = open_network(made, trained(made)[0], Look(noise=0.5))
    plain = open_network(made, trained(made)[0], Look())
    for name, weight in plain.parameters.items():
        difference = (noisy.parameters[name] - weight).std() / weight.std() if name.endswith("weight") else 0.5
        assert float(difference) == pytest.approx(0.5, rel=0.2)
    with pytest.raises(InputError, match=r"^threshold must be 1 for a neuron of kind relu"):
        open_network(DESIGNS["relu"], None, Look(threshold=2))


def test_what_was_learnt_stands_beside_where_it_began() -> None:
    made = design({"kind": "mlp", "depth": 2, "width": 20}, neuron={"learn": "both"})
    test, network = data.load(made)[1], open_network(made, None, Look())
    network.parameters["L1.beta"], network.parameters["L1.threshold"] = torch.tensor(1.0), torch.tensor(0.75)
    network.parameters["L2.beta"] = torch.tensor(-0.2)  # as runs of earlier releases could learn
    first, second = (one["learnt"] for one in looking.look_at(network, made, test, Look()).about["layers"][:2])
    assert [(one["name"], one["began"], one["now"], one["ended"]) for one in first] == [
        ("beta", 0.5, 1.0, 1),
        ("threshold", 0.5, 0.75, None),
    ]
    assert (second[0]["ended"], second[1]["ended"]) == (0, None)
    made = design({"kind": "mlp", "depth": 1, "width": 3}, neuron={"kind": "plif", "tau": 3.0, "each": "neuron"})
    network = open_network(made, None, Look())
    network.parameters["L1.w"] = -torch.log(torch.tensor([2.0, 3.0, 5.0]) - 1).reshape(network.parameters["L1.w"].shape)
    tau, leak = looking.look_at(network, made, test, Look()).about["layers"][0]["learnt"]
    assert tau == pytest.approx({"name": "tau", "began": 3, "now": 10 / 3, "low": 2, "high": 5, "ended": None})
    mean = (1 / 2 + 2 / 3 + 4 / 5) / 3  # of 1 - 1/tau
    assert (leak.pop("name"), leak.pop("ended")) == ("leak", None)
    assert leak == pytest.approx({"began": 2 / 3, "now": mean, "low": 0.5, "high": 0.8}, rel=1e-6)
    network.parameters["L1.w"][0] = -20.0
    tau, leak = looking.look_at(network, made, test, Look()).about["layers"][0]["learnt"]
    assert (tau["ended"], leak["ended"]) == (None, 1)


@pytest.mark.parametrize("each", ["layer", "neuron"])
def test_leaks_of_learnt_time_constants_are_moved(each: str) -> None:
    """By w, whatever the layers learnt: the leak 1 - 1/tau is the factor times what it was, and ends at 1."""
    made = design({"kind": "mlp", "depth": 2, "width": 3}, neuron={"kind": "plif", "tau": 3.0, "each": each})
    learnt = np.array([2.0, 3.0, 5.0]) if each == "neuron" else np.array(5.0)
    arrays = {name: value.detach().numpy() for name, value in open_network(made, None, Look()).parameters.items()}
    arrays["L1.w"] = -np.log(learnt - 1).astype(np.float32).reshape(arrays["L1.w"].shape)
    began, leak = 1 - 1 / 3.0, 1 - 1 / learnt
    image = torch.ones(1, 1, 1, 8, 8)
    plain = open_network(made, arrays, Look()).trace(image)
    for factor in (0.0, 0.5, 1.2, 2.0):
        network = open_network(made, arrays, Look(leak=factor))
        for layer, expected in (("L1", leak), ("L2", began)):
            found = 1 - 1 / (1 + np.exp(-network.parameters[f"{layer}.w"].numpy().astype(float)))
            wanted = np.broadcast_to(np.clip(factor * np.ravel(expected), 0, 1), found.size)
            assert found.ravel() == pytest.approx(wanted, abs=1e-6)
        assert network.trace(image).potentials[0][0].equal(plain.potentials[0][0]), "the first step leaks nothing"
        assert not network.trace(image).potentials[0].equal(plain.potentials[0])


@pytest.mark.parametrize("name", ["mlp", "rate-coded", "normalised", "skips", "relu", "recordings"])
def test_operations_of_one_image_add_up_to_those_of_all(name: str, trained: Callable[[Design], Events]) -> None:
    made = DESIGNS[name]
    test, network = data.load(made)[1], open_network(made, trained(made)[0], Look())
    whole = overview(network, made, test, Look()).about
    each = [looking.look_at(network, made, test, Look(image=number)).about for number in range(len(test))]
    for kind in ("macs", "additions"):
        assert sum(one[kind] for one in each) == pytest.approx(whole[kind] * len(test))
    fewer = looking.look_at(network, made, test, Look(steps=1)).about
    spiking = name != "relu"
    assert (fewer["additions"] < each[0]["additions"]) == spiking


def test_neurons_are_named_by_number_or_by_channel_row_and_column(trained: Callable[[Design], Events]) -> None:
    made = DESIGNS["skips"]
    test, network = data.load(made)[1], open_network(made, trained(made)[0], Look())
    _, height, width = network.architecture.layers[2].out_shape
    number = np.ravel_multi_index((3, 1, 2), (4, height, width))
    by_place, by_number = (
        looking.look_at(network, made, test, Look(focus=f"L2 {text}")) for text in ("3,1,2", str(number))
    )
    assert by_place.about["focus"] == by_number.about["focus"]
    assert by_place.about["focus"][0]["neuron"] == number
    silent = open_network(made, trained(made)[0], Look(silenced="L2 3,1,2")).silenced.layers[2]
    assert (silent == 0).nonzero().tolist() == [[1, 2, 3]]  # row, column, channel


def test_untrained_weights_are_those_that_training_began_with() -> None:
    made = DESIGNS["mlp"]
    network = open_network(made, None, Look(weights="untrained"))
    fresh = train.Optimizer(network).parameters
    from snnviz.core.trainable_ttfs import build_network

    for name, value in build_network(made).parameters.items():
        assert torch.equal(fresh[name], value)
