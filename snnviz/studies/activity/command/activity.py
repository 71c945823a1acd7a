"""The command `activity`: propagates activity through random layers before training."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, Bar, print_json
from snnviz.errors import InputError

PIECES = 20
"""Number of parts in which networks are drawn; Ctrl-C keeps the finished ones."""

SD = "standard deviation between networks of their Var[u], averaged over time steps, with n - 1; null of one network"


@click.command()
@click.option("--init", "init", default="variance-preserving", help="Such as kaiming or kaiming:gain=3.")
@click.option("--theta", default="1", help="Threshold.")
@click.option("--beta", default="0.5", help="Leak: share of the potential kept from step to step.")
@click.option("--reset", default="subtract", help="subtract, zero or none.")
@click.option("--kind", default="lif", help="Of neurons, such as synaptic or synaptic:alpha=0.7.")
@click.option("--width", default="1000", help="Neurons of each layer.")
@click.option("--layers", default="100", help="Layers, the encoder (layer 0) included.")
@click.option("--steps", default="1", help="Time steps.")
@click.option("--seeds", default="10", help="Networks drawn.")
@click.option("--seed", default="0", help="Seed of the first of them.")
@click.option("--input", default="constant", help="constant, or fresh: a new current at each step.")
@AS_JSON
def activity(as_json: bool, init: str, theta: str, **options: str) -> None:
    """Print the forecast and measured activity of a stack of random layers before training: Var[u] and firing rates."""
    from numpy import concatenate, zeros

    from snnviz.catalog.inits import COMPARED, format_init
    from snnviz.design.menus import INITS, Choice
    from snnviz.studies.activity.theory.activity import (
        ActivityConfig,
        LayerStatistics,
        describe_equivalent_inits,
        equivalent_inits,
        expected_statistics,
    )
    from snnviz.studies.activity.theory.propagation import propagate_activity
    from snnviz.theory.intervals import standard_deviation

    setting = ActivityConfig.check({"inits": [init], "threshold": theta, **options})
    if (most := setting.affordable().seeds) < setting.seeds:
        raise InputError("seeds", f"be at most {most} for so many neurons, layers and steps", setting.seeds)
    traces: list[LayerStatistics] = []
    at_once, stopped = max(1, setting.seeds // PIECES), False
    try:
        with reliable_interrupts() as check, Bar(quiet=as_json or not sys.stderr.isatty()) as bar:
            for first in range(0, setting.seeds, at_once):
                some = {"seed": setting.seed + first, "seeds": min(at_once, setting.seeds - first)}

                def told(share: float, first: int = first, count: int = some["seeds"]) -> None:
                    check()
                    bar.share((first + share * count) / setting.seeds)

                traces += propagate_activity(setting.model_copy(update=some), progress=told)
    except KeyboardInterrupt:
        stopped = True
        done = sum(len(trace.spikes) for trace in traces)
        click.echo(f"\nStopped: {done} of {setting.seeds} networks were drawn.", err=True)
    nothing = zeros((0, setting.layers, setting.steps))
    var_u = concatenate([nothing, *(trace.var_u for trace in traces)])
    spikes = concatenate([nothing, *(trace.spikes for trace in traces)])
    mine = setting.inits[0]
    eight = [Choice(INITS.choose("init", entry.kind)) for entry in INITS if COMPARED in entry.traits]
    same = next((group for group in equivalent_inits(setting, [mine, *eight]) if mine in group), ())
    theory = expected_statistics(setting, mine)
    layers = [
        {
            "layer": layer,
            "var_u": float(var_u[:, layer].mean()),
            "var_u_sd": standard_deviation(var_u[:, layer].mean(1)),
            "spikes": float(spikes[:, layer].mean()),
            "dead": float((spikes[:, layer].sum(1) == 0).mean()),
            "theory_var_u": float(theory.var_u[layer]) if theory else None,
            "theory_dead": float(theory.dead[layer]) if theory else None,
        }
        for layer in range(setting.layers if traces else 0)
    ]
    if as_json:
        told_by = {
            "init": format_init(mine),
            "same_law": [format_init(init) for init in same if init != mine],
            "networks": len(var_u),
            "about": {"var_u_sd": SD},
        }
        print_json({"setting": setting.model_dump(mode="json"), **told_by, "layers": layers})
    elif layers:
        _print(layers, theory=theory is not None)
        if same:
            click.echo(describe_equivalent_inits([same]))
    if stopped:
        sys.exit(130)


def _print(layers: Sequence[Mapping[str, Any]], *, theory: bool) -> None:
    click.echo(f"layer     Var[u]       sd   spikes    dead{'   exact: Var[u]    dead' if theory else ''}")
    for row in layers:
        sd = "-" if row["var_u_sd"] is None else f"{row['var_u_sd']:.3g}"
        line = f"{row['layer']:5} {row['var_u']:10.4g} {sd:>8} {row['spikes']:8.1f} {row['dead']:7.0%}"
        exact = f"   {row['theory_var_u']:13.4g} {row['theory_dead']:7.2%}" if theory else ""
        click.echo(line + exact)
