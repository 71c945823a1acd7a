"""The command `score`: scores a cell without training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from snnviz.cli.printing import AS_JSON, print_json, settings_option, table
from snnviz.design import links
from snnviz.design.cells import PUBLISHED_CELLS, summary, to_text
from snnviz.errors import InputError
from snnviz.store import Run, Store
from snnviz.studies.cells.scoring import Report, Scoring
from snnviz.studies.cells.theory.sahd import LayerSparsity, Scores, ScoringResult


@click.command()
@click.argument("cell")
@click.option("--metric", help="sahd, Hamming distances in units of what is expected, or hd, as they are.  [sahd]")
@click.option("--data", help="Data set.  [digits]")
@settings_option(
    "Another field of the setting, such as normalisation=published, channels=32, batch=64, steps=8 or seed=1."
)
@AS_JSON
def score(cell: str, settings: Sequence[str], as_json: bool, **options: str | None) -> None:
    """Score a cell of a SNASNet without training it.

    CELL is a matrix of operations such as "0303 0030 2002 0200" (0 zeroize, 1 skip, 2 conv 1x1, 3 conv 3x3, 4 average
    pool; backward below the diagonal), or the name of a published cell: cifar10, cifar100.
    """
    given = {name: value for name, value in options.items() if value is not None}
    more = links.parse_settings(settings)
    for name in more.keys() & {"cell", *given}:
        raise InputError(name, "be given once", more[name])
    named = {name.rpartition(" ")[2].lower(): found for name, found in PUBLISHED_CELLS.items()}
    document = {name: links.parse_value(name, value) for name, value in (given | more).items()}
    setting = Scoring.check({"cell": named.get(cell.lower(), cell), **document})
    from snnviz.studies.cells.compute.score import Scorer

    found = Scorer(setting).findings(setting.cell)
    if as_json:
        print_json({"setting": setting.model_dump(mode="json"), **report(setting, found)})
    else:
        print_score(setting, found)


def show(store: Store, run: Run, as_json: bool) -> None:
    """Prints the result of the task that scores a cell, if it is finished."""
    setting = run.task
    assert isinstance(setting, Scoring)
    rows = [row for _, row in store.rows(run.run, Report)]
    found = ScoringResult.read(rows[-1].text) if rows else None
    if as_json:
        told = {"run": run.run, "state": run.state, "error": run.error, "setting": setting.model_dump(mode="json")}
        print_json(told | (report(setting, found) if found else {}))
        return
    click.echo(f"a scoring of {to_text(setting.cell)}: {run.state}")
    if found:
        print_score(setting, found)


def report(setting: Scoring, found: ScoringResult) -> dict[str, Any]:
    """Returns the result of a scoring as a dictionary for JSON: scores by both metrics, the setting's first.

    Silent neurons (layers, T, B) and distances (B, B) are those of the first repeat.
    """
    chosen = found.scores[setting.metric]
    return {
        "score": chosen.mean,
        "invalid": chosen.invalid or None,
        "scores": [one.value for one in chosen.each],
        "metrics": {metric: _scores(scores) for metric, scores in found.scores.items()},
        "layers": [_layer(layer) for layer in found.layers],
        "relu": [_layer(layer) for layer in found.relu],
        "kernel": found.kernel(setting.metric, setting.normalisation).tolist(),
        "hamming": found.hamming.tolist(),
        "sahd": found.sahd.tolist(),
        "neurons": found.neurons,
        "terms": found.terms,
        "labels": found.labels.tolist(),
    }


def _scores(scores: Scores) -> dict[str, Any]:
    each = [one.value for one in scores.each]
    return {"mean": scores.mean, "sd": scores.deviation, "scores": each, "invalid": scores.invalid or None}


def _layer(layer: LayerSparsity) -> dict[str, Any]:
    return {
        "name": layer.name,
        "neurons": layer.neurons,
        "copies": layer.copies,
        "varies": layer.variation,
        "silent": layer.silent.tolist(),
    }


def print_score(setting: Scoring, found: ScoringResult) -> None:
    """Prints the scores of a cell, and how sparse each layer is, also with ReLUs."""
    click.echo(f"{to_text(setting.cell)}: {summary(setting.cell)}")
    for metric in sorted(found.scores, key=lambda metric: metric != setting.metric):
        scores = found.scores[metric]
        if scores.mean is None:
            click.echo(f"no score by {metric.upper()}: {scores.invalid}")
            continue
        spread = "" if scores.deviation is None else f" (sd {scores.deviation:.3g} of {len(scores.each)})"
        way = f"{metric.upper()}, {setting.normalisation}"
        click.echo(f"log|det K| = {scores.mean:.4f}{spread}; {way}; {setting.batch} images of {setting.data}")
    rows = [
        {
            "layer": layer.name,
            "neurons": f"{layer.neurons:,}",
            "silent": f"{layer.silent.mean():.1%}",
            "by step": f"{layer.silent.mean(1).min():.0%} to {layer.silent.mean(1).max():.0%}",
            "by image": f"{layer.silent.mean(0).min():.0%} to {layer.silent.mean(0).max():.0%}",
            "with ReLUs": f"{twin.silent.mean():.1%}",
        }
        for layer, twin in zip(found.layers, found.relu, strict=True)
    ]
    click.echo(table(rows))
