"""Metrics of what an image costs: operations by each convention (decision 21) and the energy of their arithmetic.

All are read from `Outcome.operations`; nothing is counted here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from snnviz.events import LayerState
from snnviz.theory import operations
from snnviz.theory.metrics import Metric, Outcome
from snnviz.theory.operations import Convention, OperationCounts, Operations

UNSEEN = "None before the first look at the layers."
COUNTED = "counted on the probe images at the last look."
ARITHMETIC = "Of the arithmetic for an image: 4.6 pJ a multiplication, 0.9 pJ an addition."
BY_NEUROBENCH = " By NeuroBench: a sum or an average of spikes multiplies."


def _counts(run: Outcome, of: Callable[[OperationCounts], float]) -> float | None:
    return None if run.operations is None else of(run.operations)


def _counted(name: str, label: str, help: str, of: Callable[[OperationCounts], float], **more: Any) -> Metric:
    usual: dict[str, Any] = {"form": "count", "better": "less", "none": UNSEEN, "rows": (LayerState,)}
    return Metric(name=name, label=label, help=help, read=partial(_counts, of=of), **{**usual, **more})


def _by(way: Convention, of: Callable[[Operations], float]) -> Callable[[OperationCounts], float]:
    return lambda counts: of(counts.by(way))


def probe(run: Outcome) -> float | None:
    """Returns the number of probe images at the last measurement of the layers, or None before the first."""
    looks = run.rows(LayerState)
    return looks[-1].probe if looks else None


METRICS = (
    _counted(
        "energy",
        "Energy",
        ARITHMETIC,
        _by("additions", Operations.nanojoules),
        form="energy",
        unit="nJ",
        quantity="energy",
        convention="additions",
    ),
    _counted(
        "operations",
        "Operations",
        "Of an image: additions and multiplications of inputs that are not 0, a sum of m spikes as m additions, "
        + COUNTED,
        _by("additions", lambda found: found.effective),
        quantity="operations",
        convention="additions",
    ),
    _counted(
        "energy_neurobench",
        "Energy (NeuroBench)",
        ARITHMETIC + BY_NEUROBENCH,
        _by("neurobench", Operations.nanojoules),
        form="energy",
        unit="nJ",
        quantity="energy",
        convention="neurobench",
        listed=False,
    ),
    _counted(
        "synops",
        "Operations (NeuroBench)",
        f"Of an image: inputs that are not 0, at each weight that they meet, {COUNTED}{BY_NEUROBENCH}",
        lambda counts: counts.synops,
        quantity="operations",
        convention="neurobench",
        listed=False,
    ),
    _counted(
        "macs",
        "Multiplications done",
        f"Of an image: multiplications and additions of inputs that are not 0, {COUNTED} "
        "Only real numbers (image, ReLUs) multiply.",
        lambda counts: counts.macs,
        quantity="macs",
        convention="additions",
        listed=False,
    ),
    _counted(
        "additions",
        "Additions done",
        f"Of an image: additions that spikes cause, {COUNTED} A sum of m spikes is m additions.",
        lambda counts: counts.additions,
        quantity="additions",
        convention="additions",
        listed=False,
    ),
    _counted(
        "eff_macs",
        "Multiplications done (NeuroBench)",
        f"NeuroBench's Eff_MACs of an image, {COUNTED}",
        lambda counts: counts.eff_macs,
        quantity="macs",
        convention="neurobench",
        listed=False,
    ),
    _counted(
        "eff_acs",
        "Additions done (NeuroBench)",
        f"NeuroBench's Eff_ACs of an image, {COUNTED}",
        lambda counts: counts.eff_acs,
        quantity="additions",
        convention="neurobench",
        listed=False,
    ),
    _counted(
        "estimated",
        "Operations estimated",
        f"1 of runs whose operations and energy are {operations.ESTIMATED}; 0 where they were counted.",
        lambda counts: counts.estimated,
        form="flag",
        better="",
        listed=False,
    ),
    Metric(
        name="dense",
        label="All operations",
        help="Of an image if every input counted, zeros and padding too (NeuroBench: dense operations).",
        form="count",
        better="less",
        read=lambda run: operations.dense_operations(run.design),
        listed=False,
    ),
    Metric(
        name="dense_energy",
        label="Energy of all operations",
        help="Of an image as if every input were a real number that is not 0: 4.6 pJ an operation.",
        form="energy",
        unit="nJ",
        better="less",
        read=lambda run: Operations(operations.dense_operations(run.design), 0.0, 0.0).dense_nanojoules(),
        listed=False,
    ),
    Metric(
        name="probe",
        label="Probe images",
        help="On so many images operations and the firing rate before training were counted.",
        form="count",
        rows=(LayerState,),
        read=probe,
        none="None of a run of before, which looked at the first 64 training images.",
        listed=False,
    ),
)
