"""Links of every kind of setting with each of its fields changed, one at a time, and what they open.

.venv/bin/python -m tests.every_link     adds to `tests/golden/links.json` what is not there; the rest stays
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel

from snnviz.catalog.examples import EXAMPLES
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.design.experiment import from_query as read_experiment
from snnviz.design.menus import DATASETS, INITS
from snnviz.design.recipes import RECIPES, Recipe, apply_recipe
from snnviz.design.registry import Registry
from snnviz.errors import InputError
from snnviz.studies.activity.page import setting, study
from snnviz.studies.activity.study import PRESETS, TrainingStudy
from snnviz.studies.activity.theory.activity import ActivityConfig
from snnviz.studies.cells.page import study as cells_study
from snnviz.studies.cells.page.search_setting import SEARCH
from snnviz.studies.cells.page.setting import SCORING
from snnviz.studies.cells.scoring import CELL_SEARCHES, Scoring
from snnviz.studies.cells.study import STUDIES, CellStudy
from snnviz.studies.shortcuts.page import setting as shortcuts_setting
from snnviz.studies.shortcuts.page import shortcuts
from snnviz.studies.shortcuts.study import STARTS as DEEP
from snnviz.studies.shortcuts.study import ShortcutStudy
from snnviz.studies.skips.optimisation import OPTIMISATIONS, Optimisation
from snnviz.studies.skips.page import skips
from snnviz.studies.skips.page.setting import OPTIMISATION
from snnviz.studies.skips.sweep import SWEEPS, SkipSweep
from snnviz.studies.tradeoffs.experiments import PRESETS as EXPERIMENTS
from snnviz.studies.ttfs.curves import LimitSettings
from snnviz.studies.ttfs.page import ttfs
from snnviz.studies.ttfs.page.spectra import NaiveSettings
from snnviz.studies.ttfs.penalty import PenaltyStudy
from snnviz.studies.ttfs.study import STARTS, TtfsStudy
from snnviz.ui.data import setting as data_setting

WORDS: dict[str, tuple[str, ...]] = {
    "optimizer": ("sgd", "sgd:momentum=0.8", "adam:beta1=0.8"),
    "schedule": ("constant", "cosine"),
    "inits": ("kaiming", "kaiming:gain=3,glorot"),
    "values": ("0,2",),
    "neurons": ("1,4",),
    "cell": ("0340 0020 0001 0100",),
    "data": ("mnist", "digits"),
    "other": ("mnist",),
    "data.name": ("mnist", "digits-saccades"),
    "network.edges": ("0012/0001/0000/0000", "00000/20000/00000/02000/00000"),
    "network.cell": ("0340 0020 0001 0100",),
    "training.shortcut.layers": ("1", "1,2"),
}
"""Other values of fields that are words of their own."""

GOLDEN = Path(__file__).parent / "golden" / "links.json"
NOTHING = "nothing"

Query = Mapping[str, str]
Flat = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of setting: its named ones, the usual first; the link of one, and what a link opens."""

    known: Mapping[str, Any]
    write: Callable[[Any], str]
    read: Callable[[Query], Any]
    varied: str = ""
    """How the paths begin that are changed."""

    def value(self, query: str) -> Any:
        """What a link opens."""
        return self.read(dict(parse_qsl(query, keep_blank_values=True)))

    def opened(self, query: str) -> Flat:
        """Its fields by path."""
        return flat(self.value(query))

    def links(self) -> Iterator[str]:
        """Of the named ones, and of those with one field changed to what none of them was changed to; each once."""
        written = {self.write(value): None for value in self.known.values()}
        seen = set()
        for value in self.known.values():
            of = value.network.kind if isinstance(value, Design) else None
            for path, other in changes(value):
                if (of, path, str(other)) in seen or not path.startswith(self.varied):
                    continue
                try:
                    written[self.write(_with(value, path, other))] = None
                    seen.add((of, path, str(other)))
                except InputError:
                    continue
        yield from written


def flat(value: BaseModel) -> Flat:
    """A setting by path."""
    return links.flatten_document(value.model_dump(mode="json"))


def changes(value: BaseModel) -> Iterator[tuple[str, Any]]:
    """A field by path, and something else that it can be, perhaps."""
    for path, now in flat(value).items():
        for other in others(value, path, now):
            yield path, other


def others(value: BaseModel, path: str, now: Any) -> list[Any]:
    """What else a field may be, perhaps."""
    words = list(WORDS.get(path, ()))
    owner: Any = type(value)
    for name in path.split("."):
        about = owner.model_fields.get(name) if hasattr(owner, "model_fields") else None
        if about is None:
            break
        if get_origin(about.annotation) is not None and path.endswith(name):
            words += [option for option in get_args(about.annotation) if isinstance(option, str)]
        for note in about.metadata:
            if isinstance(note, Registry) and path.endswith(".kind"):
                words += note.kinds
        inside = getattr(value, path.split(".")[0], None)
        owner = type(inside) if isinstance(inside, BaseModel) and owner is type(value) else about.annotation
    if isinstance(now, bool) or not isinstance(now, int | float):
        return [word for word in words if word != now]
    near: list[Any] = [now + 1, now - 1] if isinstance(now, int) else [round(now * 0.9, 6), 0.1]
    return [number for number in near if number != now]


def _with(value: BaseModel, path: str, other: Any) -> BaseModel:
    if isinstance(value, Design):
        return links.change(value, {path: other})
    checked: BaseModel = type(value).check({**value.model_dump(mode="json"), path: other})  # type: ignore[attr-defined]
    return checked


def _recipes(usual: Recipe) -> dict[str, Recipe]:
    """The papers' recipes, where the study can have them."""
    found = {}
    for name in RECIPES:
        try:
            found[name] = apply_recipe(usual, name)
        except InputError:
            continue
    return found


def _parts(of: str) -> tuple[Callable[[Any], str], Callable[[Query], Any]]:
    """Link and reading of the own setting of a view of the TTFS page."""
    usual = ttfs.DESIGN.usual
    return (
        lambda value: ttfs.to_link(usual, TtfsStudy(), of, {of: value}),
        lambda query: ttfs.from_link(query)[3][of],
    )


def networks() -> dict[str, Design]:
    """The named designs and the pages' starts."""
    found = {name: make() for name, make in EXAMPLES.items()}
    return (
        found | {f"shortcuts: {name}": one for name, one in DEEP.items()} | {f"ttfs: {n}": d for n, d in STARTS.items()}
    )


def initialised() -> dict[str, Design]:
    """One of each initialisation and data set."""
    kinds = {kind: links.change(Design(), {"init.kind": kind}) for kind in INITS.kinds}
    return kinds | {name: links.change(Design(), {"data.name": name}) for name in DATASETS.kinds if "own-" not in name}


KINDS: dict[str, Kind] = {
    "design": Kind(networks(), links.to_query, links.from_query),
    "initialisations and data": Kind(initialised(), links.to_query, links.from_query, "init."),
    "sweep": Kind(
        {"plain": SkipSweep(), **SWEEPS, **_recipes(SkipSweep())}, skips.SWEEP.to_link, skips.SWEEP.from_link
    ),
    "search": Kind({**OPTIMISATIONS, **_recipes(Optimisation())}, OPTIMISATION.to_link, OPTIMISATION.from_link),
    "study": Kind(
        {**PRESETS, **_recipes(TrainingStudy())},
        study.STUDY.to_link,
        study.STUDY.from_link,
    ),
    "activity": Kind({"usual": ActivityConfig()}, setting.SETTING.to_link, setting.SETTING.from_link),
    "score": Kind({"usual": Scoring()}, SCORING.to_link, SCORING.from_link),
    "cells search": Kind(CELL_SEARCHES, SEARCH.to_link, SEARCH.from_link),
    "cells study": Kind({**STUDIES, **_recipes(CellStudy())}, cells_study.STUDY.to_link, cells_study.STUDY.from_link),
    "shortcuts": Kind(
        {"usual": ShortcutStudy()},
        lambda value: shortcuts_setting.to_link(DEEP["deep mlp"], value),
        lambda query: shortcuts.from_link(query)[1],
    ),
    "shortcuts, design": Kind(
        DEEP,
        lambda value: shortcuts_setting.to_link(value, ShortcutStudy()),
        lambda query: shortcuts.from_link(query)[0],
        "training.shortcut",
    ),
    "ttfs": Kind(
        {"usual": TtfsStudy()},
        lambda value: ttfs.to_link(ttfs.DESIGN.usual, value),
        lambda query: ttfs.from_link(query)[1],
    ),
    "ttfs, design": Kind(
        STARTS, lambda value: ttfs.to_link(value, TtfsStudy()), lambda query: ttfs.from_link(query)[0], "ttfs."
    ),
    "ttfs naive": Kind({"usual": NaiveSettings()}, *_parts("naive")),
    "ttfs limits": Kind({"usual": LimitSettings()}, *_parts("limits")),
    "ttfs penalty": Kind({"usual": PenaltyStudy()}, *_parts("penalty")),
    "experiments": Kind(EXPERIMENTS, Experiment.to_query, read_experiment),
    "data": Kind(
        {"usual": data_setting.SampleChoice()},
        lambda value: data_setting.to_link(Design(), value),
        lambda query: data_setting.from_link(query)[1],
    ),
}


def merged(usual: Flat, differs: Flat) -> Flat:
    """All fields of what differs so from the usual one; "nothing": it has none such."""
    return {path: value for path, value in {**usual, **differs}.items() if value != NOTHING}


def differing(usual: Flat, value: Flat) -> Flat:
    """What differs from the usual one."""
    return {
        path: value.get(path, NOTHING) for path in {**usual, **value} if usual.get(path) != value.get(path, NOTHING)
    }


def read() -> dict[str, Any]:
    """For each kind of setting the fields of the usual one, and by link what differs from it."""
    found: dict[str, Any] = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    return found


def main() -> None:
    known = read()
    for name, kind in KINDS.items():
        own = known.setdefault(name, {"usual": flat(next(iter(kind.known.values()))), "links": {}})
        for query in kind.links():
            own["links"].setdefault(query, differing(own["usual"], kind.opened(query)))
    lines = []
    for name, own in known.items():
        inner = ",\n".join(f"  {json.dumps(query)}: {json.dumps(differs)}" for query, differs in own["links"].items())
        lines.append(f'{json.dumps(name)}: {{"usual": {json.dumps(own["usual"])}, "links": {{\n{inner}\n}}}}')
    GOLDEN.write_text("{" + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
