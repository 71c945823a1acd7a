"""A gradient survey: gradients of untrained networks of several depths and initialisations, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from snnviz.catalog.inits import format_init
from snnviz.core.gradients import GradientProfile, gradient_profiles
from snnviz.events import Event, Progress
from snnviz.studies.shortcuts.study import GradientSurvey, InitialGradient


def run_gradient_survey(setting: GradientSurvey, *_: object) -> Iterator[Event]:
    """Runs a gradient survey: yields the rows of each network as it is finished, and Progress, which counts layers.
    Raises `DataMissing`.

    It starts from the beginning whatever its history, with the same results.
    """
    made = 0
    yield Progress(0, setting.layers)
    for profile in gradient_profiles(setting.design, setting.depths, setting.inits):
        yield from gradient_rows(profile)
        made += max(1, hidden_depth(profile))
        yield Progress(min(made, setting.layers), setting.layers)
    yield Progress(setting.layers, setting.layers)


def gradient_rows(profile: GradientProfile) -> Iterator[InitialGradient]:
    """Yields the gradients of a network's layers at initialisation as rows for the store, one per layer."""
    init, deep = format_init(profile.design.init), hidden_depth(profile)
    for layer in profile.layers:
        yield InitialGradient(init=init, depth=deep, branch=int(layer.name in profile.branches), **asdict(layer))


def hidden_depth(profile: GradientProfile) -> int:
    """Returns the number of hidden layers of a network; 0 where its depth is not a number of layers."""
    return profile.design.network.hidden_layers or 0
