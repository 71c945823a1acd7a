"""The pages that steps of lessons can show: which links they accept, and the names of their controls.

Pages of studies are described by the class of the value that their links hold, which is imported only when needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from snnviz.design import links
from snnviz.errors import InputError, did_you_mean
from snnviz.store.filters import field_paths
from snnviz.tasks import resolve

NAME = re.compile(r"\*|[A-Za-z][\w.-]{0,60}")


@dataclass(frozen=True, slots=True)
class PageBeneath:
    """Description of a page that can be shown below a step of a lesson.

    title: in the navigation. value: class of its link's value, as "module:class", "" if the link is a design's.
    panels: names of its parts that can be hidden.
    """

    title: str
    value: str = ""
    panels: tuple[str, ...] = ()
    whole: bool = False
    """Whether links and names are checked against `value` or the design; other pages check their links themselves."""


PAGES: dict[str, PageBeneath] = {
    "design": PageBeneath(
        "Design", panels=("editor", "form", "preview", "forecast", "expected", "live", "nearest", "train"), whole=True
    ),
    "activity": PageBeneath(
        "Activity",
        "snnviz.studies.activity.theory.activity:ActivityConfig",
        panels=("choices", "figures", "details", "study", "initialisations", "verdict"),
        whole=True,
    ),
    "data": PageBeneath("Data"),
    "skips": PageBeneath("Skips"),
    "shortcuts": PageBeneath("Shortcuts"),
    "cells": PageBeneath("Cells"),
    "ttfs": PageBeneath("TTFS"),
    "tradeoffs": PageBeneath("Trade-offs"),
    "runs": PageBeneath("Runs"),
    "inside": PageBeneath("Look inside"),
    "home": PageBeneath("Home"),
}
"""By the name of the file in `pages/`."""


def check_link(page: str, query: Mapping[str, str]) -> InputError | None:
    """Returns the error in the parameters of a link to a page; None if there is none, or if only the page can check
    them.
    """
    about = PAGES.get(page)
    if about is None:
        return InputError("link", "belong to a page: name it by page = ...", "&".join(query))
    if not about.whole:
        return None
    try:
        if about.value:
            kind: Any = resolve(about.value)
            kind.check(links.part_from_query(kind, query))
        else:
            links.from_query(query)
    except InputError as error:
        return error
    return None


def check_names(page: str, names: Iterable[str]) -> InputError | None:
    """Returns the error for names that are no controls of a page; None if there is none, or if only the page can
    check them.
    """
    about = PAGES.get(page)
    for name in names:
        if not NAME.fullmatch(name):
            return InputError("names", "be names of controls, such as neuron.threshold, or *", name)
        if about is None:
            return InputError("names", "belong to a page: name it by page = ...", name)
        known = _known(page)
        if about.whole and name != "*" and name not in known:
            rule = f"be names of controls of the page {about.title}"
            return InputError("names", rule, name, did_you_mean(name, known))
    return None


@cache
def _known(page: str) -> frozenset[str]:
    """Fields by path with all that stands before them, and panels."""
    about = PAGES[page]
    if about.value:
        kind: Any = resolve(about.value)
        paths = [*kind.model_fields]
    else:
        paths = [*field_paths()]
    parts = {".".join(path.split(".")[:count]) for path in paths for count in range(1, path.count(".") + 2)}
    return frozenset({*parts, *about.panels})


@cache
def page_names() -> frozenset[str]:
    """Returns the names that pages have: fields of designs and of Activity, groups of them, and panels."""
    whole = [_known(page) for page, about in PAGES.items() if about.whole]
    return frozenset().union(*whole, *(about.panels for about in PAGES.values()))
