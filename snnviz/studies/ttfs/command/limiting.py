"""The command `ttfs limits`: accuracy of TTFS networks under hardware limits, before and after fine-tuning."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

import click

from snnviz.cli.designing import or_nearest, read_design
from snnviz.cli.following import exit_with_status, failures_text, train
from snnviz.cli.printing import AS_JSON, NEAREST, SETTING, print_json
from snnviz.design import links
from snnviz.errors import InputError, did_you_mean
from snnviz.events import EpochEnd
from snnviz.graph.architectures import build_architecture
from snnviz.graph.ttfs import require_ttfs_twin
from snnviz.store import Run, Store
from snnviz.studies.ttfs.command.tables import show_curves
from snnviz.studies.ttfs.curves import CurvePoint, LimitStudy, curve_points, default_design, pretrained_designs
from snnviz.studies.ttfs.limits import AXES, Axis, Tuned


@click.command()
@click.argument("name", required=False)
@click.option("--axis", "axes", help=f"Some of {','.join(AXES)}.  [all of them]")
@click.option("--epochs", help="Passes over the training images through a limit.  [5]")
@click.option("--learning-rate", "learning_rate", help="Step size at the first of them.  [0.001]")
@click.option("--outliers", help="Share of a layer's weights beyond its range, such as 0.001.  [0]")
@click.option(
    "--levels",
    help="Of weights: without-zero (2^b, none of them 0) or with-zero (2^b - 1, 0 in the middle).  [without-zero]",
)
@click.option("--seeds", help="Networks of each point.  [1]")
@SETTING
@NEAREST
@AS_JSON
def limits(
    name: str | None, axes: str | None, settings: Sequence[str], nearest: bool, as_json: bool, **options: str | None
) -> None:
    """Print the accuracy of a TTFS network under hardware limits, before and after fine-tuning with them.

    NAME is a named design or a file; its graph is taken, with ReLUs or as a TTFS network. Without it: an mlp of three
    times 128 neurons on digits. Trains what is missing in the background, the network first, and waits for it.
    """
    given = {option: links.parse_value(option, value) for option, value in options.items() if value is not None}
    study, chosen = LimitStudy.check(given), read_axes(axes)
    asked = read_design(name, settings, nearest, default_design())
    design = or_nearest(lambda: require_ttfs_twin(asked), nearest)
    plain, curve = pretrained_designs(design, study.seeds), curve_points(design, study, chosen)
    store, quiet = Store(), as_json or not sys.stderr.isatty()
    runs = train(store, plain, quiet=quiet)
    whole = not runs.stopped and not failures_text(runs)
    ends = store.last_rows(EpochEnd, [name for name, run in runs.items() if run.state == "done"])
    exact = {digest: last.test_accuracy for digest, last in ends.items()}
    if whole:
        runs.add(train(store, [point.task for point in curve], quiet=quiet, label="tuning"))
    found = rows(store, curve, runs, exact) if whole else []
    if as_json:
        setting = study.model_dump(mode="json") | {"axes": list(chosen)}
        print_json({"design": plain[0].document(), "study": setting, "points": found, "exact": list(exact.values())})
    elif exact:
        show_curves(found, list(exact.values()))
    exit_with_status(runs)


def read_axes(text: str | None) -> tuple[Axis, ...]:
    """Returns the names of hardware limits in text such as "weight_bits,jitter"; all of them for None. Raises
    `InputError`.
    """
    if text is None:
        return tuple(AXES)
    names = list(dict.fromkeys(part.strip().replace("-", "_") for part in text.split(",")[:20]))
    for name in names:
        if name not in AXES:
            raise InputError("axis", f"be some of {', '.join(AXES)}", name, did_you_mean(name, AXES))
    return tuple(cast(Axis, name) for name in names)


def rows(
    store: Store, curve: Sequence[CurvePoint], runs: Mapping[str, Run], exact: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Returns a row for each point of the curves over hardware limits, with the results of each seed.

    Per seed: accuracy without limits, before and after fine-tuning, spikes per neuron, latency, and the mean width of
    the hidden layers' windows, to which jitter can be compared.
    """
    found: dict[tuple[Axis, float], dict[str, Any]] = {}
    for point in curve:
        row = found.setdefault(
            (point.axis, point.value), {"axis": point.axis, "value": point.value, "seconds": 0.0, "seeds": []}
        )
        if (run := runs.get(point.task.digest)) is None:
            continue
        told = [tuned for _, tuned in store.rows(run.run, Tuned)]
        row["seconds"] += run.seconds
        if run.state == "done":
            first, last = told[0], told[-1]
            hidden = len(build_architecture(point.task.design).layers) - 1
            row["seeds"].append(
                {
                    "run": run.run,
                    "seed": point.task.design.seed,
                    "exact": exact[point.task.design.digest],
                    "before": first.accuracy,
                    "after": last.accuracy,
                    "spikes_before": first.spikes,
                    "spikes_after": last.spikes,
                    "latency": last.latency,
                    "mean_window": (last.latency - 1) / hidden,
                }
            )
    for row in found.values():
        for name in ("before", "after"):
            row[name] = statistics.fmean(seen) if (seen := [each[name] for each in row["seeds"]]) else None
    return list(found.values())
