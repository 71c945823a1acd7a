"""The command `ttfs penalty`: trains TTFS networks with an activity penalty, spikes against accuracy."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from typing import Any

import click

from snnviz.cli.designing import or_nearest, read_design
from snnviz.cli.following import exit_with_status, train
from snnviz.cli.printing import AS_JSON, DEVIATION, NEAREST, SETTING, print_json, table
from snnviz.design import links
from snnviz.events import EpochEnd
from snnviz.graph.ttfs import require_ttfs_twin
from snnviz.store import Store
from snnviz.studies.ttfs.command.tables import mean_and_deviation
from snnviz.studies.ttfs.curves import default_design
from snnviz.studies.ttfs.penalty import PAPER_SPIKES, PenaltyStudy, penalty_runs


@click.command()
@click.argument("name", required=False)
@click.option("--values", help=f"Weights of the penalty, such as 0,0.1,1.  [{PenaltyStudy().values}]")
@click.option("--seeds", help="Runs of each value.  [3]")
@SETTING
@NEAREST
@AS_JSON
def penalty(name: str | None, settings: Sequence[str], nearest: bool, as_json: bool, **options: str | None) -> None:
    """Print spikes per neuron and accuracy for different weights of an activity penalty in the loss.

    NAME is a named design or a file; its graph is taken, as a TTFS network. Without it: an mlp of three times 128
    neurons on digits. Trains what is missing in the background and waits for it.
    """
    given = {option: value for option, value in options.items() if value is not None}
    if "seeds" in given:
        given["seeds"] = links.parse_value("seeds", given["seeds"])
    study = PenaltyStudy.check(given)
    asked = read_design(name, settings, nearest, default_design())
    design = or_nearest(lambda: require_ttfs_twin(asked), nearest)
    members, store = penalty_runs(design, study), Store()
    runs = train(store, [member.design for member in members], quiet=as_json or not sys.stderr.isatty())
    done = [name for name, run in runs.items() if run.state == "done"]
    ends = store.last_rows(EpochEnd, done)
    found: list[dict[str, Any]] = []
    for value in study.penalties:
        own = [m.design for m in members if m.penalty == value and m.design.digest in ends]
        seeds: list[dict[str, Any]] = [
            {"run": d.digest, "seed": d.seed, "accuracy": ends[d.digest].test_accuracy, "spikes": ends[d.digest].rate}
            for d in own
        ]
        found.append({"penalty": value, "seeds": seeds})
        for column in ("accuracy", "spikes"):
            told = [each[column] for each in seeds]
            found[-1][column] = statistics.fmean(told) if told else None
    if as_json:
        print_json({"design": members[0].design.document(), "study": study.model_dump(mode="json"), "points": found})
    else:
        lines = [
            {
                "penalty": f"{row['penalty']:g}",
                "test accuracy": mean_and_deviation([each["accuracy"] for each in row["seeds"]]),
                "spikes per neuron": mean_and_deviation([each["spikes"] for each in row["seeds"]], 1, "", 3),
            }
            for row in found
        ]
        click.echo(table(lines))
        if any(len(row["seeds"]) > 1 for row in found):
            click.echo(DEVIATION)
        click.echo("With an event at t_max of each silent neuron counted it is 1.000 at any penalty.")
        click.echo(f"The paper has {PAPER_SPIKES:g} spikes per neuron, on average over its networks.")
    exit_with_status(runs)
