"""What docstrings, comments and documentation call by a path, such as `core.train` or `graph/nearest.py`, is there."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from snnviz.design import links
from snnviz.design.design import Design
from snnviz.places import ROOT

CODE = [path for room in ("snnviz", "tests", "benchmarks") for path in sorted((ROOT / room).rglob("*.py"))]
ROOMS = {path.stem for room in ("snnviz", "snnviz/studies") for path in (ROOT / room).iterdir()} | {
    "tests",
    "benchmarks",
}

OLD_NAMES = ("0032-", "0034-")
"""Decisions that list what was renamed."""

DOCS = [
    path
    for path in (ROOT / "CONTRIBUTING.md", ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("snnviz/**/*.md"))
    if not path.name.startswith(OLD_NAMES)
]

REFERENCE = re.compile(r"`((?:\w+/)*\w+(?:\.\w+)*)`")
NAME = re.compile(r"^ *(?:(?:async )?def |class |from \S+ import )?(\w+)", re.MULTILINE)
FIELDS = {tuple(path.split(".")[:2]) for path in links.flatten_document(Design().document())}


@cache
def modules() -> dict[str, set[str]]:
    """The names that begin a line of each module, or of a package itself, by every end of its path with dots."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in CODE:
        *rooms, module = path.relative_to(ROOT).with_suffix("").parts
        names = set(NAME.findall(path.read_text(encoding="utf-8")))
        parts = rooms if module == "__init__" else [*rooms, module]
        for begin in range(len(parts)):
            found[".".join(parts[begin:])] |= names
            for end in range(begin + 1, len(parts)):
                found[".".join(parts[begin:end])] |= set()
    return found


def is_there(reference: str) -> bool:
    """Whether there is such a file or module, in a module the name that follows, or such a field of designs."""
    parts = reference.removesuffix(".py").replace("/", ".").split(".")
    if (ROOT / reference).exists() or tuple(parts[:2]) in FIELDS:
        return True
    known = max((end for end in range(len(parts) + 1) if ".".join(parts[:end]) in modules()), default=0)
    return known > 0 and (known == len(parts) or parts[known] in modules()[".".join(parts[:known])])


def references(text: str) -> set[str]:
    """Those of several words of which the first is a room, a study or a folder."""
    found = ((each, re.split(r"[./]", each.removesuffix(".py"))) for each in REFERENCE.findall(text))
    return {each for each, (first, *others) in found if first in ROOMS and others}


@pytest.mark.parametrize(
    "reference", ["core.train", "core/train.py", "core.train.evaluate", "tests/toys", "data.steps"]
)
def test_what_is_there_is_found(reference: str) -> None:
    assert references(f"see `{reference}`.") == {reference}
    assert is_there(reference)


@pytest.mark.parametrize("reference", ["core.train.slope", "core/shared", "graph/notthere.py", "data.notthere"])
def test_what_is_not_there_is_missed(reference: str) -> None:
    assert references(f"see `{reference}`.") == {reference}
    assert not is_there(reference)


@pytest.mark.parametrize("paths", [CODE, DOCS], ids=["code", "documentation"])
def test_what_is_named_is_there(paths: list[Path]) -> None:
    own = Path(__file__)
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths if path != own}
    missing = {name: {each for each in references(text) if not is_there(each)} for name, text in texts.items()}
    assert {name: found for name, found in missing.items() if found} == {}


def test_no_benchmark_hides_a_package() -> None:
    """`python benchmarks/x.py` puts the folder first on the path: `import coverage` must still be the package."""
    names = {path.stem for path in (ROOT / "benchmarks").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert len(names) > 20
    assert names & (set(packages_distributions()) | sys.stdlib_module_names) == set()
