"""What skips do to a small block, as Benmeziane et al. 2023 ask it of large ones. The trainings: `make study`."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

import pytest

from snnviz.catalog.sweeps import SWEEPS, SkipType, distinct, points
from snnviz.core import data, observe
from snnviz.core.execute import execute
from snnviz.core.networks import Network
from snnviz.design import Design
from snnviz.events import EpochEnd, LayerState
from snnviz.views.skips import Result, result

SEEDS = 8


def untrained(design: Design) -> float:
    """Spikes per neuron and step of the block's layers, on the probe batch."""
    network = Network(design)
    images, _ = data.load(design)
    probe, _ = data.encoded_probe(images, design)
    seen = observe.look(network, probe, observe.Window(network.parameters), 0, 0.0)
    return fmean(row.rate for row in seen if row.name.startswith("L") and row.rate is not None)


def test_before_training_additions_let_more_spikes_through_than_concatenations() -> None:
    """Seeds 0 to 7, n Var[w] about 1/3. With 0 to 3 ASC .004, .013, .020, .022; with DSC .004, .007, .007, .007."""
    small = SWEEPS["small"].model_copy(update={"seeds": SEEDS, "twins": "without"})
    rates: dict[tuple[SkipType, int], list[float]] = {}
    for point in points(small):
        rates.setdefault((point.type, point.n_skip), []).append(untrained(point.design))
    mean = {key: fmean(values) for key, values in rates.items()}
    assert mean["ASC", 0] < mean["ASC", 1] < mean["ASC", 2] < mean["ASC", 3]
    assert mean["DSC", 0] < mean["DSC", 3]
    assert mean["ASC", 3] > 2 * mean["DSC", 3]


def trained(design: Design) -> Result:
    events = list(execute(design))
    ends = [event for event in events if isinstance(event, EpochEnd)]
    return result(design, ends[-1], [event for event in events if isinstance(event, LayerState)])


@pytest.mark.slow
@pytest.mark.parametrize("name", SWEEPS)
def test_skips_raise_the_accuracy_and_narrow_the_drop(name: str) -> None:
    """Four seeds, n_skip 0 to 3. Measured test accuracy, without normalisation and with it:

    SNN, DSC  .837 .916 .908 .937    .953 .966 .973 .976
    SNN, ASC  .837 .906 .903 .913    .953 .965 .967 .965
    ANN, DSC  .944 .951 .959 .968    .975 .981 .985 .981
    ANN, ASC  .944 .949 .940 .931    .975 .978 .967 .961

    SynOps grow from 268 to 530 k with DSC, nearly all additions, and to 327 k with ASC, 281 k of them MACs (normalised:
    from 227 to 534 and 430 k). Firing rates hardly differ after training (.28 to .32, .26 to .27). With Kaiming weights
    instead, additions gain nothing: there is no lack of spikes to make up for.
    """
    found = points(SWEEPS[name])
    results: Mapping[str, Result] = {design.digest: trained(design) for design in distinct(found)}
    accuracy, rate, synops = {}, {}, {}
    for kind in ("DSC", "ASC"):
        for n_skip in range(4):
            for ann in (False, True):
                key = (kind, n_skip, ann)
                own = [results[p.design.digest] for p in found if (p.type, p.n_skip, p.ann) == key]
                accuracy[key] = fmean(r.accuracy for r in own)
                synops[key] = fmean(r.operations.synops for r in own)
                if not ann:
                    rate[key] = fmean(r.rate or 0 for r in own)
    for kind in ("DSC", "ASC"):
        few, many = (kind, 0, False), (kind, 3, False)
        assert accuracy[many] >= accuracy[few] + 0.01, accuracy
        drop = {n: accuracy[kind, n, True] - accuracy[kind, n, False] for n in (0, 3)}
        assert drop[3] < drop[0], drop
        assert synops[many] > (1.7 if kind == "DSC" else 1.1) * synops[few], synops
        assert abs(rate[many] - rate[few]) < 0.08, rate
