"""The command that shows random layers before training."""

from __future__ import annotations

import sys

import click

from snnviz.cli.printing import AS_JSON, Bar, print_json
from snnviz.errors import InputError


@click.command()
@click.option("--init", "init", default="variance-preserving", help="Such as kaiming or kaiming:gain=3.")
@click.option("--theta", default="1", help="Threshold.")
@click.option("--beta", default="0.5", help="Leak: share of the potential kept from step to step.")
@click.option("--reset", default="subtract", help="subtract, zero or none.")
@click.option("--width", default="1000", help="Neurons of each layer.")
@click.option("--layers", default="100", help="Layers, the encoder (layer 0) included.")
@click.option("--steps", default="1", help="Time steps.")
@click.option("--seeds", default="10", help="Networks drawn.")
@click.option("--seed", default="0", help="Seed of the first of them.")
@click.option("--input", default="constant", help="constant, or fresh: a new current at each step.")
@AS_JSON
def activity(as_json: bool, init: str, theta: str, **options: str) -> None:
    """What reaches deep layers before training: Var[u] and spikes of a stack of random layers."""
    from snnviz.theory.activity import Setting, expected, init_text
    from snnviz.theory.propagation import propagate

    setting = Setting.check({"inits": [init], "threshold": theta, **options})
    if (most := setting.affordable().seeds) < setting.seeds:
        raise InputError("seeds", f"be at most {most} for so many neurons, layers and steps", setting.seeds)
    with Bar(quiet=as_json or not sys.stderr.isatty()) as bar:
        [trace] = propagate(setting, progress=bar.share)
    theory = expected(setting, setting.inits[0])
    layers = [
        {
            "layer": layer,
            "var_u": float(trace.var_u[:, layer].mean()),
            "var_u_sd": float(trace.var_u[:, layer].mean(1).std()),
            "spikes": float(trace.spikes[:, layer].mean()),
            "dead": float(trace.dead[layer]),
            "theory_var_u": float(theory.var_u[layer]) if theory else None,
            "theory_dead": float(theory.dead[layer]) if theory else None,
        }
        for layer in range(setting.layers)
    ]
    if as_json:
        print_json({"setting": setting.model_dump(mode="json"), "init": init_text(trace.init), "layers": layers})
        return
    click.echo(f"layer     Var[u]       sd   spikes    dead{'   exact: Var[u]    dead' if theory else ''}")
    for row in layers:
        line = f"{row['layer']:5} {row['var_u']:10.4g} {row['var_u_sd']:8.3g} {row['spikes']:8.1f} {row['dead']:7.0%}"
        exact = f"   {row['theory_var_u']:13.4g} {row['theory_dead']:7.2%}" if theory else ""
        click.echo(line + exact)
