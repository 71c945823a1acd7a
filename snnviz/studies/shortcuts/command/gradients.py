"""The command `gradients`: shows the gradient of each layer before training."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from snnviz.catalog.inits import format_init, parse_init
from snnviz.cli.designing import read_design
from snnviz.cli.following import run_now
from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, SETTING, Bar, print_json, table
from snnviz.data import datasets
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.menus import Choice
from snnviz.errors import InputError
from snnviz.store import Run, Store
from snnviz.studies.shortcuts.study import InitialGradient
from snnviz.theory.probe import describe_probe

if TYPE_CHECKING:
    from snnviz.core.gradients import GradientProfile, LayerGradient

MOST = 200
"""Largest number of depths, and of initialisations, at once."""


@click.command()
@click.argument("name")
@click.option("--depths", help="Hidden layers of an mlp or a cnn, such as 2..50 or 4,8,16.")
@click.option("--inits", help="Such as kaiming,variance-preserving or kaiming:gain=3.")
@SETTING
@AS_JSON
def gradients(name: str, settings: Sequence[str], depths: str | None, inits: str | None, as_json: bool) -> None:
    """Show the gradient of each layer at initialisation, with and without shortcut branches.

    One batch of images goes through the untrained network and back. NAME is a named design or a file. If it has no
    branches, constant ones of weight 1 at the usual layers are shown.
    """
    chosen = read_design(name, settings)
    wanted = read_depths(depths, chosen) if depths else []
    choices = read_inits(inits) if inits else []
    datasets.ensure_downloaded(chosen.data.name, lambda words: click.echo(words, err=True))
    from snnviz.core.gradients import PROFILE_IMAGES, gradient_profiles

    found, count = [], max(1, len(wanted)) * max(1, len(choices))
    stopped = False
    try:
        with reliable_interrupts() as check, Bar(quiet=as_json or count == 1 or not sys.stderr.isatty()) as bar:
            for profile in gradient_profiles(chosen, wanted, choices):
                found.append(profile)
                bar.share(len(found) / count)
                check()
    except KeyboardInterrupt:
        stopped = True
        click.echo(f"\nStopped: {len(found)} of {count} networks were looked at.", err=True)
    on = describe_probe(chosen, found[0].layers[0].probe) if found else ""
    if as_json:
        print_json({"design": chosen.document(), "profiles": [report(each) for each in found], "probe": on})
    elif count == len(found) == 1:
        click.echo(table([_row(layer) for layer in found[0].layers]))
        click.echo(f"branches after {', '.join(found[0].branches)}")
    elif found:
        click.echo(table([_line(each) for each in found]))
    if on and not as_json:
        click.echo(f"On {on}; gradients on {PROFILE_IMAGES} of them, as even over the classes.")
    if stopped:
        sys.exit(130)


def show(store: Store, run: Run, as_json: bool) -> None:
    """Prints the finished part of a gradient survey that was started on a page."""
    rows = [row for _, row in store.rows(run.run, InitialGradient)]
    on = describe_probe(run.design, rows[0].probe) if rows else None
    if as_json:
        print_json({"run": run.run, "state": run.state, "rows": [asdict(row) for row in rows], "probe": on})
        return
    click.echo(f"gradients at initialisation of {links.one_line_summary(run.design)}: {run.state}")
    named = {(row.init, row.depth): row for row in reversed(rows) if row.grad_norm is not None}
    lines = [
        {
            "init": row.init,
            "depth": str(row.depth or "-"),
            "gradient of the first layer": _short(row.grad_norm),
            "with branches": _short(row.with_branches),
        }
        for row in reversed(named.values())
    ]
    if lines:
        click.echo(table(lines))
        again = "" if rows[0].probe else f": python -m snnviz measure {run.run} looks anew"
        click.echo(f"On {on}{again}.")


def measure(store: Store, run: Run, as_json: bool) -> None:
    """Computes a gradient survey again, on images of every class, and prints it."""
    datasets.ensure_downloaded(
        run.design.data.name, lambda words: click.echo(words, err=True)
    )  # before anything is lost
    if run.current:  # else its task names another run, and this one stays
        store.delete(run.run)
    run_now(store, run.task)
    show(store, store.get(run.task.digest), as_json)


def read_depths(text: str, design: Design) -> list[int]:
    """Returns the depths in text such as "2..50" or "4,8,16". Raises `InputError`."""
    if design.network.hidden_layers is None:
        raise InputError("network.kind", "be mlp or cnn where depths are given", design.network.kind)
    rule = f"be at most {MOST} whole numbers from 1, such as 2..50 or 4,8,16"
    if bounds := re.fullmatch(r"\s*(\d{1,4})\.\.(\d{1,4})\s*", text):
        depths = list(range(int(bounds[1]), int(bounds[2]) + 1))
    else:
        parts = [part.strip() for part in text.split(",")]
        depths = [int(part) for part in parts if part.isdecimal() and len(part) < 5]
        depths = depths if len(depths) == len(parts) else []
    if not 0 < len(depths) <= MOST or min(depths) < 1:
        raise InputError("depths", rule, text)
    links.change(design, {"network.depth": max(depths), "training.shortcut.layers": ""})
    return depths


def read_inits(text: str) -> list[Choice]:
    """Returns the initialisations in text such as "kaiming,variance-preserving". Raises `InputError`."""
    parts = text.split(",")
    if len(parts) > MOST:
        raise InputError("inits", f"be at most {MOST} initialisations", text)
    return [parse_init(part) for part in parts]


def report(profile: GradientProfile) -> dict[str, Any]:
    """Returns the gradients of a network's layers at initialisation (a gradient profile) as a dictionary for JSON."""
    depth = profile.design.network.hidden_layers
    layers = [asdict(layer) for layer in profile.layers]
    return {"init": format_init(profile.design.init), "depth": depth, "branches": profile.branches, "layers": layers}


def _row(layer: LayerGradient) -> dict[str, str]:
    return {
        "layer": layer.name,
        "gradient": _short(layer.grad_norm),
        "with branches": _short(layer.with_branches),
        "through them": "-" if layer.shortcut is None else f"{layer.shortcut:.1%}",
        "saturated": "-" if layer.saturation is None else f"{layer.saturation:.1%}",
        "rate": "-" if layer.rate is None else f"{layer.rate:.1%}",
        "Var[u]": _short(layer.var_u),
    }


def _line(profile: GradientProfile) -> dict[str, str]:
    """One of many: its first and its last hidden layer with weights."""
    weighted = [layer for layer in profile.layers[:-1] if layer.grad_norm is not None]
    first, last, told = weighted[0], weighted[-1], report(profile)
    return {
        "init": told["init"],
        "depth": "-" if told["depth"] is None else str(told["depth"]),
        "gradient of the first layer": _short(first.grad_norm),
        "with branches": _short(first.with_branches),
        "of the last": _short(last.grad_norm),
        "saturated, last": "-" if last.saturation is None else f"{last.saturation:.1%}",
    }


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
