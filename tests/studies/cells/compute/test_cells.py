"""SNASNets against the published algorithm in modules of torch, and what must hold of their score."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from snnviz.data import datasets
from snnviz.design import cells
from snnviz.design.cells import NODE_PAIRS, Cell, parse, random_cell
from snnviz.errors import InputError
from snnviz.studies.cells.compute.cells import CachedWeights, CellLayers, FeatureMaps, LifLayer, UntrainedSnasNet
from snnviz.studies.cells.compute.score import Scorer
from snnviz.studies.cells.scoring import Normalisation, Scoring
from snnviz.studies.cells.theory.sahd import METRICS, KernelMatrix, ScoringResult
from tests.core.snasnet import LIF, PublishedKernel, SnasNet, dressed, watch

ALPHAS: tuple[Normalisation, ...] = ("paper", "code", "published")
SIDE, CHANNELS, HIDDEN, STEPS, BATCH = 8, 4, 24, 4, 6
IDENTITY = parse("0001 0000 0000 0000")

ALL = [random_cell(3, number, backward=backward) for backward in (False, True) for number in range(8)]
ALL += [
    *cells.PUBLISHED_CELLS.values(),
    IDENTITY,
    parse("0303 0000 0300 0000"),  # node 2 gets nothing, and feeds node 1 all the same
    parse("0020 0004 0302 0000"),  # a late connection without a cycle
    parse("0410 0001 0100 1000"),  # no convolution
    parse("0333 0033 0003 0000"),
    parse("0444 0044 0004 0000"),
    parse("0103 0010 1001 0100"),
    parse("0000 2000 3300 3320"),
]


def images(count: int = BATCH, seed: int = 0) -> Tensor:
    return torch.randn((count, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(cell: Cell, seed: int = 0, dtype: torch.dtype = torch.float64) -> UntrainedSnasNet:
    return UntrainedSnasNet(cell, (1, SIDE, CHANNELS), HIDDEN, CachedWeights(seed, dtype=dtype))


def literal(cell: Cell, ours: UntrainedSnasNet) -> SnasNet:
    """The published network with our weights."""
    net = SnasNet(cell, CHANNELS, SIDE, HIDDEN, STEPS).to(ours.weights.dtype)
    return dressed(net, ours.weights, BATCH)


def kernel_of(ours: UntrainedSnasNet, pictures: Tensor, normalisation: Normalisation = "paper") -> KernelMatrix:
    kernel = KernelMatrix(normalisation)
    for layer in ours.layer_spikes(pictures, STEPS):
        kernel.add(layer.both, layer.neurons, layer.copies)
    return kernel


@pytest.mark.parametrize("cell", ALL, ids=cells.to_text)
def test_it_is_the_published_algorithm(cell: Cell) -> None:
    pictures, ours = images(), network(cell)
    net = literal(cell, ours)
    seen = {(metric, alpha): PublishedKernel(metric, alpha) for metric in METRICS for alpha in ALPHAS}
    for hook in seen.values():
        watch(net, hook)
    with torch.no_grad():
        outputs = net(pictures)
    for (metric, alpha), published in seen.items():
        found = kernel_of(ours, pictures, alpha)
        np.testing.assert_allclose(
            found.matrix(metric), published.K / (1 if alpha == "paper" else published.terms), rtol=1e-12
        )
        assert found.terms == published.terms
        if (value := found.score(metric).value) is not None:
            assert value == pytest.approx(published.score(), rel=1e-8)
        else:
            assert np.linalg.matrix_rank(published.K) < BATCH
    torch.testing.assert_close(ours.vote_logits(pictures, STEPS, 10, 10), outputs, rtol=1e-9, atol=1e-12)


class Alike(CachedWeights):
    """One weight for each kind of convolution, whichever its place."""

    def conv(self, name: str, out: int, into: int, size: int) -> Tensor:
        return super().conv(name if name in ("stem", "reduction") else "any", out, into, size)


def test_cells_that_count_as_one_are_the_same_function() -> None:
    """Of 180 draws, with one weight for a kind of convolution."""
    said: dict[Any, set[bytes]] = {}
    pictures = images()
    texts = {random_cell(0, number, backward=backward) for backward in (False, True) for number in range(90)}
    for cell in texts:
        votes = UntrainedSnasNet(cell, (1, SIDE, CHANNELS), HIDDEN, Alike(0, dtype=torch.float64)).vote_logits(
            pictures, STEPS, 10, 10
        )
        said.setdefault(cells.canonical_form(cell), set()).add(votes.numpy().round(9).tobytes())
    assert len(said) < len(texts), "some are other names of another"
    assert all(len(each) == 1 for each in said.values())


@pytest.mark.parametrize("cell", [parse("0323 0043 0002 0000"), *cells.PUBLISHED_CELLS.values()], ids=cells.to_text)
def test_in_single_precision_too_but_for_rounding(cell: Cell) -> None:
    pictures = images()
    ours, single = network(cell), network(cell, dtype=torch.float32)
    double, found = (kernel_of(net, pictures) for net in (ours, single))
    assert found.score().value == pytest.approx(double.score().value, rel=1e-3)
    np.testing.assert_allclose(found.matrix(), double.matrix(), rtol=1e-3)


@given(st.integers(0, 10**6), st.booleans())
@settings(max_examples=25, deadline=None)
def test_any_cell_is_the_published_algorithm(number: int, backward: bool) -> None:
    cell = random_cell(1, number, backward=backward)
    pictures, ours = images(seed=number), network(cell, number)
    net, published = literal(cell, ours), PublishedKernel("sahd", "paper")
    watch(net, published)
    with torch.no_grad():
        net(pictures)
    found = kernel_of(ours, pictures)
    np.testing.assert_allclose(found.matrix(), published.K, rtol=1e-9)
    if found.score().value is not None:
        assert found.score().value == pytest.approx(published.score(), rel=1e-8)


def passed(cell: Cell, given: list[Tensor]) -> list[np.ndarray[Any, Any]]:
    """What leaves a cell at each step for what enters it, maps (B, C, H, W)."""
    maps = FeatureMaps(BATCH, SIDE, CHANNELS, torch.float64)
    layers = CellLayers(cell, "cell 1", maps, len(given), CachedWeights(0, dtype=torch.float64))
    with torch.inference_mode():
        return [maps.total(layers([maps.plain(maps.array(x).copy())])).copy() for x in given]


def inputs(steps: int = STEPS) -> list[Tensor]:
    draw = torch.Generator().manual_seed(5)
    shape = (BATCH, CHANNELS, SIDE, SIDE)
    return [torch.randn(shape, generator=draw, dtype=torch.float64) for _ in range(steps)]


def test_one_skip_from_input_to_output_is_the_identity() -> None:
    maps = FeatureMaps(BATCH, SIDE, CHANNELS, torch.float64)
    for entered, left in zip(inputs(), passed(IDENTITY, inputs()), strict=True):
        np.testing.assert_array_equal(left, maps.array(entered))


@pytest.mark.parametrize("cell", [c for c in ALL if cells.has_backward(c)], ids=cells.to_text)
def test_feedback_arrives_one_step_late(cell: Cell) -> None:
    forward = tuple(tuple(code if j > i else 0 for j, code in enumerate(row)) for i, row in enumerate(cell))
    with_feedback, without = passed(cell, inputs()), passed(forward, inputs())
    np.testing.assert_array_equal(with_feedback[0], without[0])
    heard = any(not np.array_equal(a, b) for a, b in zip(with_feedback, without, strict=True))
    graph = nx.DiGraph([(i, j) for i, j in NODE_PAIRS if cell[i][j]])
    heeded = nx.ancestors(graph, 3) & (nx.descendants(graph, 0) | {0})
    assert heard == any(cell[i][j] for i, j in NODE_PAIRS if i > j and j in heeded and (i == 3 or i in heeded))


def test_neurons_are_spikingjellys() -> None:
    current = [2 * x.abs() for x in inputs(20)]
    maps = FeatureMaps(BATCH, SIDE, CHANNELS, torch.float64)
    layer, literally = LifLayer("", maps, 20), LIF()
    for step, x in enumerate(current):
        spikes = layer([maps.plain(maps.array(x).copy())])
        expected = literally(x)
        np.testing.assert_array_equal(spikes, maps.array(expected))
        flat = expected.flatten(1).numpy()
        np.testing.assert_array_equal(layer.layer_spikes.both[step], flat @ flat.T)
        assert 0.2 < flat.mean() < 0.9


@pytest.mark.parametrize("channels", [1, 3, 4, 7, 64, 100])
def test_norms_and_pools_are_torchs_for_any_number_of_channels(channels: int) -> None:
    draw = torch.Generator().manual_seed(channels)
    x = torch.randn((3, channels, 12, 12), generator=draw) * 3 + 5
    maps = FeatureMaps(3, 12, channels, torch.float32)
    values = maps.array(x).copy()
    norm = nn.BatchNorm2d(channels, affine=False)
    np.testing.assert_allclose(maps.total([maps.normalised(values)]), maps.array(norm(x)), atol=2e-5)
    pooled = nn.functional.avg_pool2d(x, 3, 1, 1)
    np.testing.assert_allclose(maps.pooled(values), maps.array(pooled), rtol=1e-5, atol=1e-5)
    layer, spikes = LifLayer("", maps, 1), LIF()(x / 4)
    layer([maps.plain(maps.array(x / 4).copy())])
    flat = spikes.flatten(1).numpy()
    np.testing.assert_array_equal(layer.layer_spikes.both[0], flat @ flat.T)


def test_the_order_of_the_images_does_not_matter() -> None:
    cell, pictures, other = ALL[0], images(), torch.tensor([3, 1, 0, 5, 4, 2])
    first, second = network(cell), network(cell)
    size = 2 * CHANNELS * (SIDE // 4) ** 2
    key = ("dropout", BATCH, size)
    second.weights.kept[key] = first.weights.dropout(BATCH, size)[other]
    one, two = kernel_of(first, pictures), kernel_of(second, pictures[other])
    np.testing.assert_allclose(two.matrix(), one.matrix()[other][:, other], rtol=1e-9)
    assert two.score().value == pytest.approx(one.score().value, rel=1e-9)


def test_equal_images_have_no_score() -> None:
    pictures = images()
    pictures[3] = pictures[1]
    ours = network(ALL[0])
    ours.weights.kept["dropout", BATCH, 2 * CHANNELS * (SIDE // 4) ** 2] = torch.ones(BATCH, 32, dtype=torch.float64)
    for metric in METRICS:
        assert kernel_of(ours, pictures).score(metric).invalid == "images 2 and 4 of the batch make the same spikes"


def findings(setting: Scoring) -> ScoringResult:
    return Scorer(setting).findings(setting.cell)


def test_a_cell_without_a_path_to_its_output_has_no_score() -> None:
    found = findings(Scoring(cell="0000 0000 0000 0000", batch=4, repeats=2, channels=2, hidden=8))  # type: ignore[arg-type]
    for scores in found.scores.values():
        assert (scores.mean, scores.deviation, scores.invalid) == (None, None, "no neuron spikes")
    assert all((layer.silent == 1).all() for layer in found.layers)


SMALL = Scoring(batch=8, repeats=2, channels=4, hidden=32, steps=3)


def test_the_same_setting_gives_the_same_bits_and_another_seed_other_ones() -> None:
    one, two = findings(SMALL), findings(SMALL)
    assert one.write() == two.write()
    each = one.scores["sahd"].each
    assert each[0] != each[1]
    assert findings(SMALL.model_copy(update={"seed": 1})).scores["sahd"].mean != one.scores["sahd"].mean


def test_a_cells_score_does_not_depend_on_what_was_scored_before() -> None:
    scorer = Scorer(SMALL)
    for number in range(3):
        scorer.score(random_cell(0, number, backward=True))
    assert scorer.score(SMALL.cell) == findings(SMALL).scores


@pytest.mark.parametrize("normalisation", ALPHAS)
def test_what_a_scoring_tells_fits_together(normalisation: Normalisation) -> None:
    setting = SMALL.model_copy(update={"normalisation": normalisation})
    found = findings(setting)
    total = setting.steps * sum(layer.neurons * layer.copies for layer in found.layers)
    terms = setting.steps * sum(layer.copies for layer in found.layers)
    assert (found.neurons, found.terms) == (total, terms)
    assert all(layer.silent.shape == (setting.steps, setting.batch) for layer in found.layers)
    assert [(layer.name, layer.neurons, layer.copies) for layer in found.relu] == [
        (layer.name, layer.neurons, layer.copies) for layer in found.layers
    ]
    assert all(layer.silent.shape == (1, setting.batch) for layer in found.relu)
    assert all(((layer.silent >= 0) & (layer.silent <= 1)).all() for layer in found.layers + found.relu)
    for metric in METRICS:
        kernel, scores = found.kernel(metric, normalisation), found.scores[metric]
        np.testing.assert_allclose(np.diag(kernel), total / (1 if normalisation == "paper" else terms))
        np.testing.assert_array_equal(kernel, kernel.T)
        assert scores.each[0].value == pytest.approx(np.linalg.slogdet(kernel)[1], abs=2e-3)
        assert scores.mean == pytest.approx(np.mean(scores.values))
        assert scores.deviation == pytest.approx(np.std(scores.values, ddof=1))
    split = datasets.load_images(setting.data, setting.seed)
    np.testing.assert_array_equal(found.labels, split.train_labels[Scorer(setting).chosen[0]])


@pytest.mark.parametrize("cell", ALL[:3] + ALL[8:11], ids=cells.to_text)
def test_the_relu_twin_is_the_published_network_with_relus(cell: Cell) -> None:
    pictures, ours = images(), network(cell)
    net = dressed(SnasNet(cell, CHANNELS, SIDE, HIDDEN, 1, fire=nn.ReLU).to(torch.float64), ours.weights, BATCH)
    seen: list[Tensor] = []
    watch(net, lambda out: seen.append((out.flatten(1) == 0).double().mean(1)), nn.ReLU)
    with torch.no_grad():
        net(pictures)
    found = ours.relu_layers(pictures)
    mine = [layer.silent[0] for layer in found for _ in range(layer.copies)]
    np.testing.assert_allclose(sorted(map(tuple, mine)), sorted(tuple(one.tolist()) for one in seen), atol=1e-6)


def test_a_batch_has_no_image_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    split = datasets.load_images("digits")
    split.train_images[20:] = split.train_images[0]
    monkeypatch.setattr(datasets, "load_images", lambda *_: split)
    for batch in Scorer(SMALL).batches:
        assert len({image.numpy().tobytes() for image in batch}) == SMALL.batch
    with pytest.raises(InputError, match=r"^batch must be at most the 20 different training images, got 21$"):
        _ = Scorer(SMALL.model_copy(update={"batch": 21})).batches


def test_spikes_tell_images_apart_where_relus_do_not() -> None:
    """The share of active neurons varies more over images than that of ReLUs (Kim et al. 2022, Fig. 3)."""
    scorer = Scorer(Scoring(batch=64, repeats=1, channels=8, hidden=64, steps=4))
    found = [scorer.findings(random_cell(0, number, backward=False)) for number in range(6)]
    spiking, relu = ([layer for one in found for layer in kind(one)] for kind in (lambda f: f.layers, lambda f: f.relu))
    varies = [np.mean([layer.variation for layer in kind if layer.variation is not None]) for kind in (spiking, relu)]
    assert varies[0] > 3 * varies[1]
    levels = [[silent for layer in kind for silent in layer.silent.mean(1)] for kind in (spiking, relu)]
    assert np.ptp(levels[0]) > np.ptp(levels[1])
    assert 0.85 < np.mean(levels[0]) < 0.98
    assert 0.4 < np.mean(levels[1]) < 0.6
