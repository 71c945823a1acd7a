"""Sentences on the results of runs with and without shortcut branches (auxiliary classifiers)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, median

from snnviz.design.design import Design
from snnviz.events import LayerState
from snnviz.graph.branches import branch_parameter_count
from snnviz.store.values import Run
from snnviz.studies.shortcuts.charts.shortcuts import RowsByRun, branched_modes, first_layer, names_of
from snnviz.studies.shortcuts.study import Mode, StudyRun
from snnviz.theory import costs
from snnviz.theory.backward import ExpectedGradients
from snnviz.theory.intervals import confidence_interval
from snnviz.views.bands import geometric_mean
from snnviz.views.numbers import count, difference_text, share
from snnviz.views.panels import FLOOR
from snnviz.views.results import Rows


def verdict(members: Sequence[StudyRun], runs: Mapping[str, Run], rows_by_run: RowsByRun) -> str:
    """Returns sentences on the finished runs: accuracies, paired differences by seed, and gradient norms.

    "" before one has finished.
    """
    sentences = []
    for mode, name in names_of(members).items():
        rows = [rows_by_run[run.design.digest] for run in _done(members, runs, mode) if _has_epochs(rows_by_run, run)]
        if not rows:
            continue
        reached = [100 * one.epochs[-1].test_accuracy for one in rows]
        found = confidence_interval(reached)
        spread = "" if found.half is None else f" ± {found.half:.1f}"
        firsts = [norms[0] for one in rows if (norms := first_layer(one))]
        norm = f" ({_power(geometric_mean(firsts))})" if firsts else ""
        sentences.append(f"**{name}** {fmean(reached):.1f}{spread} %{norm}")
    if not sentences:
        return ""
    what = "Test accuracy (± 95 % interval of the mean over seeds; in brackets the first layer's first gradient): "
    rest = [_differences(members, runs, rows_by_run), _travelled(members, runs, rows_by_run)]
    return " ".join([what + "; ".join(sentences) + ".", *(one for one in rest if one)])


def _differences(members: Sequence[StudyRun], runs: Mapping[str, Run], rows_by_run: RowsByRun) -> str:
    """Of branched runs less those without, seed by seed, with their interval; and what that does not control."""
    names = names_of(members)
    base: Mode = "control" if "control" in names else "vanilla"
    plain = _reached(members, runs, rows_by_run, base)
    said, many = [], 0
    for mode in branched_modes(members):
        mine = _reached(members, runs, rows_by_run, mode)
        less = [mine[seed] - plain[seed] for seed in mine if seed in plain]
        if not less:
            continue
        found, many = confidence_interval(less), max(many, len(less))
        said.append(f"**{names[mode]}** {difference_text(found)}")
    if not said:
        return ""
    how = "" if many > 1 else " One seed tells nothing apart."
    rest = (
        "" if base == "control" else " A step with branches costs more, and this is not counted here: choose Controls."
    )
    return f"Against **{names[base]}**, with the same seeds: {'; '.join(said)}.{how}{rest}"


def _travelled(members: Sequence[StudyRun], runs: Mapping[str, Run], rows_by_run: RowsByRun) -> str:
    """From the last hidden layer to the first, without branches, at the first look."""
    rows = [rows_by_run[run.design.digest] for run in _done(members, runs, "vanilla") if _has_epochs(rows_by_run, run)]
    ends = [found for one in rows if (found := _ends(one.layers))]
    if not ends:
        return ""
    first, last = (geometric_mean(column) for column in zip(*ends, strict=True))
    change = gradient_change_text(first, last)
    return f"Without branches, from the last hidden layer to the first, the gradient of the weights {change}."


def gradient_change_text(first: float, last: float) -> str:
    """Returns a verb phrase on how a gradient norm changes from the last hidden layer (`last`) to the first (`first`).

    >>> [gradient_change_text(*norms) for norms in ((0.001, 1.0), (0.9, 1.0), (8.0, 2.0), (0.0, 0.0))]
    ['falls to 0.001 of its size', 'stays (at 0.9 of its size)', 'grows to 4 times its size', 'is 0']
    >>> gradient_change_text(2e-8, 0.0)
    'goes from 0, as nothing spikes there, to 2e-08'
    """
    if max(first, last) <= FLOOR:
        return "is 0"
    if last <= FLOOR:
        return f"goes from 0, as nothing spikes there, to {first:.2g}"
    ratio = max(first, FLOOR) / max(last, FLOOR)
    if 0.5 <= ratio <= 2:
        return f"stays (at {ratio:.2g} of its size)"
    return f"grows to {ratio:.2g} times its size" if ratio > 1 else f"falls to {ratio:.2g} of its size"


def expectation_sentence(expected: ExpectedGradients) -> str:
    """Returns a sentence on how gradients change from the last hidden layer to the first before training.

    >>> expectation_sentence(ExpectedGradients((("L1", 0.02), ("L3", 1.0)), "theory"))
    'Before training the gradient of the outputs of layers falls to 0.02 of its size from L3 to L1 (theory).'
    """
    (first, size), last = next(iter(expected.sizes.items())), list(expected.sizes)[-1]
    change = gradient_change_text(size, expected.sizes[last])
    way = f"{change} from {last} to {first}"
    return f"Before training the gradient of the outputs of layers {way} ({expected.how})."


def _ends(layers: Sequence[LayerState]) -> tuple[float, float] | None:
    """The gradient norms of the first and of the last hidden layer at the first look that has any."""
    known = [state for state in layers if state.grad_norm is not None]
    looks = [state for state in known if state.epoch == known[0].epoch]
    hidden = [state.grad_norm or 0.0 for state in sorted(looks, key=lambda state: state.layer)][:-1]
    return (hidden[0], hidden[-1]) if len(hidden) > 1 else None


def cost(design: Design, members: Sequence[StudyRun], runs: Mapping[str, Run]) -> str:
    """Returns a sentence on how many parameters and how much training time the shortcut branches add."""
    beside, own = branch_parameter_count(design), costs.parameter_count(design)
    words = f"The branches have {count(beside)} parameters beside the network's {count(own)} ({share(beside / own)})."
    plain = {run.design.seed: run.seconds for run in _done(members, runs, "vanilla")}
    ratios = [
        run.seconds / plain[run.design.seed]
        for mode in branched_modes(members)
        for run in _done(members, runs, mode)
        if plain.get(run.design.seed)
    ]
    if not ratios:
        return f"{words} What they cost in time is said when runs with and without them are done."
    span = f"{share(min(ratios) - 1, 0, signed=True)} to {share(max(ratios) - 1, 0, signed=True)}"
    if min(ratios) < 1:
        return (
            f"{words} What they cost in time is lost in what else this machine did: {span} of the time of those "
            f"without branches, {len(ratios)} runs."
        )
    middle = share(median(ratios) - 1, 0, signed=True)
    return (
        f"{words} These runs took {middle} of the time of those without branches (median of {len(ratios)}, {span}), a "
        "second look at the gradients included; runs that shared the machine with others scatter."
    )


def _reached(
    members: Sequence[StudyRun], runs: Mapping[str, Run], rows_by_run: RowsByRun, mode: Mode
) -> dict[int, float]:
    """Test accuracy in percent, by seed."""
    done = [run for run in _done(members, runs, mode) if _has_epochs(rows_by_run, run)]
    return {run.design.seed: 100 * rows_by_run[run.design.digest].epochs[-1].test_accuracy for run in done}


def _has_epochs(rows_by_run: RowsByRun, run: Run) -> bool:
    return bool(rows_by_run.get(run.design.digest, Rows()).epochs)


def _done(members: Sequence[StudyRun], runs: Mapping[str, Run], mode: Mode) -> list[Run]:
    found = [runs.get(member.design.digest) for member in members if member.mode == mode]
    return [run for run in found if run is not None and run.state == "done"]


def _power(value: float) -> str:
    """
    >>> _power(0.31), _power(1.9e-5)
    ('0.31', '1.9e-05')
    """
    return f"{value:.2g}"
