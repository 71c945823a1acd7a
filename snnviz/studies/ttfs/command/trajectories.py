"""The command `ttfs trajectories`: trains a ReLU network and TTFS networks side by side; printing of such tasks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict

import click

from snnviz.cli.designing import or_nearest, read_design
from snnviz.cli.following import EventBar
from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, NEAREST, SETTING, print_json, table
from snnviz.design import links
from snnviz.graph.ttfs import require_ttfs_twin
from snnviz.jobs.immediate import Immediate
from snnviz.store import Run, Store
from snnviz.studies.ttfs.trajectories import MODELS, USUAL, Course, Trajectories


@click.command()
@click.argument("name", required=False)
@click.option("--looks", help="Looks at the models in an epoch.  [4]")
@click.option("--slower", help="So many times more slowly the second network with alpha = 1 learns.  [10]")
@SETTING
@NEAREST
@AS_JSON
def trajectories(
    name: str | None, settings: Sequence[str], nearest: bool, as_json: bool, **options: str | None
) -> None:
    """Train a ReLU network and TTFS networks with B = 1 and alpha = 1 from the same weights, on the same batches.

    NAME is a named design or a file, whose ReLU network is taken. Without it: 7 hidden layers of 100 for digits.
    """
    asked = read_design(name, settings, nearest, USUAL)
    design = or_nearest(lambda: require_ttfs_twin(asked), nearest)
    given = {option: links.parse_value(option, value) for option, value in options.items() if value is not None}
    setting = Trajectories.check({"design": design, **given})
    store = Store()
    progress = EventBar(quiet=as_json or not sys.stderr.isatty())
    try:
        with reliable_interrupts() as progress.check, progress:
            Immediate(store, progress).submit(setting)
    except KeyboardInterrupt:
        click.echo("\nStopped: the same command begins anew.", err=True)
        show(store, store.get(setting.digest), as_json)
        sys.exit(130)
    ended = store.get(setting.digest)
    show(store, ended, as_json)
    if ended.state != "done":
        if ended.error:
            click.echo(ended.error, err=True)
        sys.exit(1)


def show(store: Store, run: Run, as_json: bool) -> None:
    """Prints the rows of networks trained side by side so far: all of them as JSON, else each model's last one."""
    rows = [row for _, row in store.rows(run.run, Course)]
    if as_json:
        told = [asdict(row) for row in rows]
        print_json({"run": run.run, "state": run.state, "design": run.design.document(), "rows": told})
        return
    click.echo(f"trajectories of {links.one_line_summary(run.design)}: {run.state}")
    first, last = {row.model: row for row in rows if row.step == 0}, {row.model: row for row in rows}
    if not rows:
        return
    lines = []
    for model in MODELS:
        begin, row = first[model], last[model]
        trained = row if row.step else None
        lines.append(
            {
                "model": model,
                "steps": str(row.step),
                "first loss": f"{begin.loss:.3g}",
                "first gradient": f"{begin.grad_norm:.3g}",
                "loss": f"{trained.loss:.3g}" if trained else "-",
                "accuracy": f"{trained.accuracy:.1%}" if trained else "-",
                "test": "-" if row.test_accuracy is None else f"{row.test_accuracy:.1%}",
                "cosine": f"{row.cosine:.6f}",
                "of what was learnt": "-" if row.moved is None else f"{row.moved:.3f}",
                "difference": f"{row.difference:.2g}",
            }
        )
    click.echo(table(lines))
