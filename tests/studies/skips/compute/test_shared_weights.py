"""Weights that the candidates of a search share: slices of a wide weight, lent and taken back."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch import Tensor

from snnviz.catalog.inits import weight_distribution
from snnviz.core import data, train
from snnviz.core.networks import Network
from snnviz.core.train import Optimizer
from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, DSC
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.graph.architectures import Layer, build_architecture
from snnviz.graph.rewiring import with_block_matrices
from snnviz.studies.skips.compute.candidates import CandidateTrainer
from snnviz.studies.skips.compute.shared_weights import SharedWeights
from snnviz.studies.skips.search import Search, candidate_design, search_space, widest_design

NETWORKS: dict[str, dict[str, Any]] = {
    "block": {"kind": "block", "channels": 6, "norm": "batch"},
    "two blocks": {"kind": "block", "channels": 4, "blocks": 2},
    "resnet18": {"kind": "resnet18", "width": 0.0625, "depth": 0.5, "dsc_fraction": 0.5},
    "densenet121": {"kind": "densenet121", "width": 0.0625, "depth": 0.25, "dsc_fraction": 0.5},
    "mobilenetv2": {"kind": "mobilenetv2", "width": 0.0625, "depth": 0.5, "norm": "none"},
}
every_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)


def search(network: dict[str, Any], **parts: Any) -> Search:
    document = {"data": {"steps": 2}, "neuron": {"threshold": 0.6}, "network": network, **parts}
    return Search(design=Design.check(document))


def drawn(made: Search, seed: int) -> Design:
    """Any candidate."""
    draw = random.Random(seed)
    return candidate_design(made, tuple(draw.randrange(size) for size in search_space(made).sizes))


def shown(design: Design, images: int = 4) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    return torch.randn((1, images, *build_architecture(design).input_shape), generator=draw), torch.arange(images)


def learn(network: Network, optimizer: Optimizer) -> None:
    """One training step."""
    image, labels = shown(network.design)
    found = train.loss_and_gradients(network, image, labels)
    assert len(found.gradients) == len(network.parameters)
    optimizer.step(found.gradients)


def scale(layer: Layer, design: Design) -> float:
    return weight_distribution(design.init, layer.fan_in, layer.fan_out, design.neuron).variance ** 0.5


@every_network
def test_what_is_lent_and_taken_back_unchanged_leaves_everything_as_it_was(network: dict[str, Any]) -> None:
    made = search(network)
    shared = SharedWeights(widest_design(made))
    shared.update_from(*shared.make_network(widest_design(made)))
    before = shared.arrays()
    for seed in range(3):
        shared.update_from(*shared.make_network(drawn(made, seed), states=True))
    after = shared.arrays()
    assert before.keys() <= after.keys()
    for name, value in before.items():
        assert after[name] == pytest.approx(value, rel=1e-6, abs=1e-12), name


@every_network
def test_a_candidate_is_the_widest_network_without_the_channels_that_it_does_not_read(network: dict[str, Any]) -> None:
    """Zeros in their columns: the same logits, whichever concatenations there are."""
    made = search(network).model_copy(update={"skips": "dsc"})
    wide = widest_design(made)
    for seed in range(3):
        design = drawn(made, seed)
        shared = SharedWeights(wide)
        narrow, _ = shared.make_network(design)
        columns = shared.layout.columns(narrow.architecture)
        whole, _ = shared.make_network(wide)
        for layer in narrow.architecture.weighted:
            name = f"{layer.name}.weight"
            mine, all_of_them = narrow.parameters[name].data, whole.parameters[name].data
            points = mine[0, 0].numel() if layer.kind == "conv" else layer.in_shape[1] * layer.in_shape[2]
            view = all_of_them.view(len(all_of_them), -1, points)
            sliced = view[:, columns[layer.name]].reshape(mine.shape)
            wider = next(one for one in whole.architecture.weighted if one.name == layer.name)
            torch.testing.assert_close(mine / scale(layer, design), sliced / scale(wider, wide), rtol=1e-5, atol=1e-6)
            kept = mine.clone().reshape(len(view), -1, points)
            view.zero_()
            view[:, columns[layer.name]] = kept
        image, _ = shown(design)
        precise(narrow, whole)
        mine, theirs = narrow(image.double()), whole(image.double())
        assert mine.detach().std() > 0.01
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


def precise(*networks: Network) -> None:
    for network in networks:
        for kept in (network.parameters, network.buffers):
            for name, value in kept.items():
                kept[name] = value.detach().double()


@every_network
def test_every_candidate_can_be_lent_learn_and_be_taken_back(network: dict[str, Any]) -> None:
    made = search(network)
    shared = SharedWeights(widest_design(made))
    for seed in range(6):
        borrowed, optimizer = shared.make_network(drawn(made, seed), states=True)
        learn(borrowed, optimizer)
        shared.update_from(borrowed, optimizer)
    again, _ = shared.make_network(drawn(made, 5))
    for name, value in (borrowed.parameters | borrowed.buffers).items():
        torch.testing.assert_close((again.parameters | again.buffers)[name], value, rtol=1e-5, atol=1e-7)


@every_network
def test_the_spread_of_what_is_lent_is_that_of_its_own_fan_in(network: dict[str, Any]) -> None:
    """The same number of inputs as a network of its own, so that its currents are as large."""
    made = search(network)
    shared = SharedWeights(widest_design(made))
    for seed in range(3):
        design = drawn(made, seed)
        lent, own = shared.make_network(design)[0].parameters, Network(design).parameters
        assert {name: value.shape for name, value in lent.items()} == {name: own[name].shape for name in own}
        for layer in build_architecture(design).weighted:
            weight = lent[f"{layer.name}.weight"]
            near = 5 / (2 * weight.numel()) ** 0.5  # standard errors
            assert weight.detach().std(correction=0).item() == pytest.approx(scale(layer, design), rel=near), layer.name


def with_skips(made: Search, skips: dict[tuple[int, int], int]) -> Design:
    """In the first block; the others have none."""
    first, *others = (
        made.design.network.matrices if made.design.network.kind != "block" else [made.design.network.edges]
    )
    blocks = (
        adjacency.edges_from_skips(len(first) - 1, skips),
        *(adjacency.sequential(len(edges) - 1) for edges in others),
    )
    return with_block_matrices(made.design, blocks)


LAYERS = {"block": ("L3", 6), "resnet18": ("B1.L3", 4)}


@pytest.mark.parametrize("kind", LAYERS)
def test_candidates_that_share_a_skip_learn_its_slice_for_each_other(kind: str) -> None:
    """Layer 3 reads [o_2, o_0, o_1] at its widest."""
    made = search({**NETWORKS[kind], "depth": 1} if kind == "resnet18" else NETWORKS[kind])
    made = made.model_copy(update={"design": Design.check({**made.design.document(), **whole(made)})})
    shared = SharedWeights(widest_design(made))
    layer, channels = LAYERS[kind]
    one, both, other = ({(0, 3): DSC}, {(0, 3): DSC, (1, 3): DSC}, {(1, 3): DSC})
    main, first, second = (slice(n * channels, (n + 1) * channels) for n in range(3))

    def lent(skips: dict[tuple[int, int], int]) -> Tensor:
        """In units of the standard deviation."""
        design = with_skips(made, skips)
        found = next(candidate for candidate in build_architecture(design).layers if candidate.name == layer)
        weight: Tensor = shared.make_network(design)[0].parameters[f"{layer}.weight"].detach() / scale(found, design)
        return weight

    before = lent(both)
    borrowed, optimizer = shared.make_network(with_skips(made, one))
    learn(borrowed, optimizer)
    shared.update_from(borrowed, optimizer)
    after = lent(both)
    same(after[:, second], before[:, second])
    for part in (main, first):
        assert (after[:, part] - before[:, part]).abs().mean() > 1e-3
    same(lent(one), after[:, : 2 * channels])
    same(lent(other)[:, channels:], before[:, second])
    same(lent({(0, 3): ASC}), after[:, main])


def same(one: Tensor, other: Tensor) -> None:
    """But for the rounding of a division."""
    torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


def whole(made: Search) -> dict[str, Any]:
    """Skips carry every channel."""
    return {"network": {**made.design.document()["network"], "dsc_fraction": 1.0}}


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@every_network
def test_states_of_the_optimizer_come_back_where_they_belong(network: dict[str, Any], optimizer: str) -> None:
    made = search(network, training={"optimizer": optimizer})
    shared = SharedWeights(widest_design(made))
    design = drawn(made, 0)
    borrowed, steps = shared.make_network(design, states=True)
    learn(borrowed, steps)
    learn(borrowed, steps)
    shared.update_from(borrowed, steps)
    _, again = shared.make_network(design, states=True)
    for name, state in steps.states.items():
        assert state.keys() == again.states[name].keys()
        for key, value in state.items():
            assert torch.equal(again.states[name][key], value), (name, key)
            assert again.states[name][key].is_contiguous()  # fused optimizers take it for granted
    _, fresh = shared.make_network(design)
    assert not any(fresh.states.values())
    for seed in range(1, 4):  # layers that have learnt beside others that have not
        borrowed, steps = shared.make_network(drawn(made, seed), states=True)
        learn(borrowed, steps)
        shared.update_from(borrowed, steps)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_leaks_and_thresholds_are_shared_too(optimizer: str) -> None:
    neuron = {"learn": "both", "threshold": 0.6}
    made = search(NETWORKS["mobilenetv2"], neuron=neuron, training={"optimizer": optimizer})
    shared = SharedWeights(widest_design(made))
    borrowed, steps = shared.make_network(drawn(made, 0), states=True)
    learn(borrowed, steps)
    shared.update_from(borrowed, steps)
    again, other = shared.make_network(drawn(made, 1), states=True)
    assert torch.equal(again.parameters["stem.threshold"], borrowed.parameters["stem.threshold"])
    assert again.parameters["stem.threshold"].item() != pytest.approx(0.6, abs=1e-9)
    assert other.states["stem.beta"].keys() == steps.states["stem.beta"].keys() != set()
    learn(again, other)


def test_what_a_lent_network_learns_is_its_own_until_it_is_taken_back() -> None:
    made = search(NETWORKS["resnet18"])
    shared = SharedWeights(widest_design(made))
    shared.update_from(*shared.make_network(widest_design(made), states=True))
    before = shared.arrays()
    borrowed, optimizer = shared.make_network(drawn(made, 0), states=True)
    learn(borrowed, optimizer)
    assert all((shared.arrays()[name] == value).all() for name, value in before.items())


@every_network
def test_arrays_are_all_that_there_is(network: dict[str, Any]) -> None:
    """What is restored lends the same networks, also of layers that nobody has asked for yet."""
    made = search(network)
    one = SharedWeights(widest_design(made))
    for seed in range(2):
        borrowed, optimizer = one.make_network(drawn(made, seed), states=True)
        learn(borrowed, optimizer)
        one.update_from(borrowed, optimizer)
    arrays = one.arrays()
    other = SharedWeights(widest_design(made))
    other.restore(arrays)
    for array in arrays.values():
        array[...] = 7  # a copy, of which nothing is kept
    assert one.arrays().keys() == other.arrays().keys()
    assert all((other.arrays()[name] == value).all() for name, value in one.arrays().items())
    for seed in range(4):
        (mine, a), (theirs, b) = (shared.make_network(drawn(made, seed), states=True) for shared in (one, other))
        assert all(torch.equal(theirs.parameters[name], value) for name, value in mine.parameters.items())
        assert all(torch.equal(theirs.buffers[name], value) for name, value in mine.buffers.items())
        assert [list(state) for state in a.states.values()] == [list(state) for state in b.states.values()]


def test_shared_weights_do_not_depend_on_who_asks_first() -> None:
    made = search(NETWORKS["densenet121"])
    one, other = SharedWeights(widest_design(made)), SharedWeights(widest_design(made))
    for seed in range(3):
        one.make_network(drawn(made, seed))
        other.make_network(drawn(made, 2 - seed))
    assert one.kept.keys() == other.kept.keys()
    assert all(torch.equal(other.kept[name], value) for name, value in one.kept.items())


@pytest.mark.parametrize("batches", [1, 3])
def test_a_candidate_is_judged_by_the_statistics_of_its_own_batches(batches: int) -> None:
    """Of batches that are all alike, what is remembered is the mean and the variance of any of them."""
    size = {"data.train_samples": 200, "data.test_samples": 20, "training.batch_size": 150 // batches}
    made = search(NETWORKS["block"]).model_copy(update={"validation": 50, "tuning_epochs": 0})
    trainer = CandidateTrainer(made.model_copy(update={"design": change(made.design, size)}))
    trainer.images.images[:] = trainer.images.images[:1].clone()
    assert trainer.steps == batches
    _, network = trainer.evaluate(trainer.search.design, lambda: None, None)
    shown = data.encode(trainer.images.images, trainer.images.white, network.design, "statistics", 0)
    with torch.no_grad():
        mine, theirs = network(shown, statistics="running"), network(shown, statistics="batch")
    assert theirs.std() > 0.1
    torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-3)  # a variance is over n - 1 where it is remembered
