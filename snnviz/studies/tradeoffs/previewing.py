"""Forecast of an experiment before training: number of runs, sizes, and layers that theory expects to be silent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from snnviz.design.design import Design
from snnviz.design.experiment import Experiment, Levels
from snnviz.errors import InputError
from snnviz.theory import costs, verdicts
from snnviz.views.numbers import count


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecast for a group (runs that differ only in the seed) before training: number of parameters, MACs per image
    and time step, and layers by name.

    silent: layers that are forecast not to spike. crowded: layers that are forecast to spike almost always.
    """

    parameters: int
    macs: int
    silent: tuple[str, ...]
    crowded: tuple[str, ...]

    @property
    def words(self) -> str:
        """The forecast activity as text, such as "silent in L3" or "every layer spikes"."""
        if self.silent:
            return f"silent in {_layers(self.silent)}"
        return f"crowded in {_layers(self.crowded)}" if self.crowded else "every layer spikes"


def _layers(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) < 4 else f"{names[0]} to {names[-1]}"


_KNOWN: dict[str, Forecast] = {}
"""By digest: what is known costs a look nothing."""

MOST_KNOWN = 20_000


def _forecast(design: Design) -> Forecast:
    found = _KNOWN.get(design.digest)
    if found is None:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        found = _KNOWN[design.digest] = _made(design)
    return found


def _made(design: Design) -> Forecast:
    return Forecast(
        costs.parameter_count(design),
        costs.macs_per_step(design),
        verdicts.silent_layers(design),
        verdicts.crowded_layers(design),
    )


def cached_forecasts(groups: Mapping[Levels, Design]) -> dict[Levels, Forecast]:
    """Returns those forecasts of an experiment's designs that are already cached, by their levels; others are
    left out.
    """
    return {levels: known for levels, design in groups.items() if (known := _KNOWN.get(design.digest))}


def forecasts(groups: Mapping[Levels, Design], seconds: float = float("inf")) -> dict[Levels, Forecast]:
    """Returns the forecasts of an experiment's designs by their levels, computing missing ones for at most about
    `seconds`, but at least one.
    """
    found, end = {}, time.monotonic() + seconds
    for levels, design in groups.items():
        found[levels] = _forecast(design)
        if time.monotonic() > end:
            break
    return found


def groups_text(asked: Experiment) -> str:
    """Returns the number of an experiment's runs as text, with the numbers of groups (runs that differ only in the
    seed) and seeds.

    >>> groups_text(Experiment.check({"vary": ["neuron.threshold=0.5,1", "init=kaiming,glorot"], "seeds": 3}))
    '12 runs: 2 × 2 = 4 groups, 3 seeds each'
    """
    sizes, number = [len(axis.levels) for axis in asked.axes], len(asked.groups())
    whole = asked.how == "every" and len(sizes) > 1 and not asked.left_out
    product = f"{' × '.join(map(str, sizes))} = " if whole else ""
    groups = f"{product}{number:,} group{'s' * (number != 1)}"
    seeds = f"{asked.seeds} seeds each" if asked.seeds > 1 else "one seed each"
    return f"{len(asked.runs()):,} run{'s' * (len(asked.runs()) != 1)}: {groups}, {seeds}"


def left_out_texts(asked: Experiment, say: Callable[[InputError], str] = lambda _: "") -> list[str]:
    """Returns a sentence for each reason why combinations of levels of an experiment are not run.

    say: returns another wording of an error, "" to keep it.
    """
    return [
        f"{one.count:,} combination{'s are' if one.count != 1 else ' is'} left out: "
        f"{(say(one.error) if one.error else '') or one.why}."
        for one in asked.left_out
    ]


def silent_text(known: Mapping[Levels, Forecast], groups: int) -> str:
    """Returns a sentence on how many of `groups` groups (runs that differ only in the seed) are forecast to have silent
    layers, and which; "" if none has.

    known: the forecasts by levels.

    >>> silent_text({(0,): Forecast(1, 1, ("L3",), ()), (1,): Forecast(1, 1, (), ())}, 2)
    '1 of 2 groups is forecast to be silent in layer L3 before training.'
    """
    where = Counter(one.silent[0] for one in known.values() if one.silent)
    if not (silent := where.total()):
        return ""
    first = " or ".join(name for name, _ in where.most_common(3)) + (" or others" if len(where) > 3 else "")
    alone = all(len(one.silent) < 2 for one in known.values())
    verb, place = "is" if silent == 1 else "are", f"in layer {first}" if alone else f"from layer {first} on"
    return f"{silent:,} of {groups:,} groups {verb} forecast to be silent {place} before training."


def costs_text(known: Mapping[Levels, Forecast]) -> str:
    """Returns the ranges of parameters and of multiplications per time step over the groups (runs that differ only in
    the seed) as text.

    known: the forecasts by levels; "" if there are none.

    >>> costs_text({(0,): Forecast(950, 9408, (), ()), (1,): Forecast(950, 12010, (), ())})
    '950 parameters; 9,408 to 12.0 k multiplications a time step.'
    """
    if not known:
        return ""
    sizes, macs = zip(*((one.parameters, one.macs) for one in known.values()), strict=True)
    return f"{_span(sizes)} parameters; {_span(macs)} multiplications a time step."


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return count(low) if low == high else f"{count(low)} to {count(high)}"


@dataclass(frozen=True, slots=True)
class ForecastCheck:
    """How often the forecast of silent layers was right: numbers of finished runs.

    silent_right, silent_wrong: forecast to have a silent layer. active_right, active_wrong: forecast to have none.
    """

    silent_right: int = 0
    silent_wrong: int = 0
    active_right: int = 0
    active_wrong: int = 0

    @property
    def count(self) -> int:
        """Number of runs that were checked."""
        return self.silent_right + self.silent_wrong + self.active_right + self.active_wrong

    @property
    def words(self) -> str:
        """The result as a sentence; "" if no run was checked.

        >>> ForecastCheck(0, 0, 28, 1).words
        'The forecast was right of 28 of 29 runs: of 29 forecast to spike in every layer, 1 had a silent one.'
        """
        if not self.count:
            return ""
        silent, active = self.silent_right + self.silent_wrong, self.active_right + self.active_wrong
        right = f"The forecast was right of {self.silent_right + self.active_right} of {self.count} runs"
        some = f"of {silent} forecast to have a silent layer, {self.silent_right or 'none'} had one before training"
        others = f"of {active} forecast to spike in every layer, {self.active_wrong or 'none'} had a silent one"
        return f"{right}: {', '.join(part for part, number in ((some, silent), (others, active)) if number)}."


def check_forecast(asked: Experiment, silent_before: Mapping[str, float | None]) -> ForecastCheck:
    """Returns how often the forecast of silent layers agreed with the untrained networks of finished runs.

    silent_before: share of silent layers before training, by the run's digest; runs with None (ANNs) are skipped.
    """
    counts: Counter[tuple[bool, bool]] = Counter()
    for said, seen in _pairs(asked, silent_before):
        counts[said, seen] += 1
    return ForecastCheck(counts[True, True], counts[True, False], counts[False, False], counts[False, True])


def _pairs(asked: Experiment, silent_before: Mapping[str, float | None]) -> Iterator[tuple[bool, bool]]:
    groups = asked.groups()
    for run in asked.runs():
        seen = silent_before.get(run.design.digest)
        if seen is not None:
            yield bool(verdicts.silent_layers(groups[run.levels])), seen > 0
