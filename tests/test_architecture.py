"""The rules that keep the rooms apart, as far as import-linter cannot see them."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from snnviz.places import ROOT

PACKAGE = ROOT / "snnviz"
PAGES = sorted((ROOT / "pages").glob("*.py"))
MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = [ROOT / "app.py", *PAGES]
WRITTEN = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".js", ".css", ".html")]

HEAVY = {"torch", "snntorch", "tonic", "botorch", "gpytorch", "linear_operator"}
NOWHERE_AT_ALL = {"pickle", "dill", "cloudpickle", "shelve", "marshal"}
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Every package that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def public(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Functions and classes at the top of a module whose name has no underscore before it."""
    for node in tree(path).body:
        named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        if named and not node.name.startswith("_"):
            yield node


TORCH = ("snnviz/jobs/worker.py", "snnviz/jobs/warm.py", "snnviz/search/gaussian_process.py")
"""Who may import torch, besides the core and what studies compute."""


def is_in(room: str, path: Path) -> bool:
    """Whether a file is in the ground's room of this name, or in that of a study or of the exports, a folder or a
    single module.
    """
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0] == room or (parts[0] == "studies" and parts[2:3] == (room,)) or parts[:2] == ("exports", room)


def test_there_is_something_to_hold_to_the_rules() -> None:
    assert len(MODULES) > 100
    assert len(PAGES) > 5


def test_torch_lives_in_the_core_in_the_worker_and_in_the_searchs_process() -> None:
    heavy = [path for path in MODULES if is_in("core", path) or is_in("compute", path)]
    light = [path for path in MODULES if path not in heavy and name(path) not in TORCH]
    assert {name(path): found for path in [*light, *SCRIPTS] if (found := imports(path) & HEAVY)} == {}


def test_nothing_is_unpickled() -> None:
    assert {name(path): found for path in [*MODULES, *SCRIPTS] if (found := imports(path) & NOWHERE_AT_ALL)} == {}


def test_streamlit_lives_in_the_ui() -> None:
    others = [path for path in MODULES if not is_in("ui", path) and not is_in("page", path)]
    assert [name(path) for path in others if "streamlit" in imports(path)] == []


def test_fragments_are_rerun_where_one_that_is_missing_is_no_exception() -> None:
    asks = {path.name for path in PACKAGE.rglob("*.py") if re.search(r"st\.rerun\([^)]", path.read_text())}
    assert asks == {"fragments.py"}


def test_click_lives_in_the_commands() -> None:
    others = [path for path in MODULES if not is_in("cli", path) and not is_in("command", path)]
    assert [name(path) for path in others if "click" in imports(path)] == ["snnviz/commands.py"]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_only_composes(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 80
    assert ast.get_docstring(tree(path))
    forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.For, ast.While, ast.comprehension)
    assert not [type(node).__name__ for node in ast.walk(tree(path)) if isinstance(node, forbidden)]
    assert imports(path) <= {"streamlit", "snnviz"}
    assert "session_state" not in text


def test_the_launcher_only_launches() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) <= 40


def test_every_page_is_in_the_navigation() -> None:
    registered = re.findall(r'Entry\((?:"(\w+)"|HOME),', (PACKAGE / "ui" / "navigation.py").read_text())
    assert sorted(name or "home" for name in registered) == [path.stem for path in PAGES]


def test_no_file_outgrows_a_readers_patience() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in WRITTEN}
    assert {file: length for file, length in lengths.items() if length > 400} == {}
    assert sorted(lengths.values())[len(lengths) // 2] <= 120


def test_a_name_says_what_is_inside() -> None:
    assert [name(path) for path in MODULES if {path.stem, path.parent.name} & SAYS_NOTHING] == []
    named = [node.name for path in MODULES for node in public(path)]
    assert [word for word in named if set(re.findall("[A-Z]?[a-z]+", word)) & {"Manager", "Util"}] == []


def test_what_is_public_is_explained() -> None:
    files = [*MODULES, *SCRIPTS]
    assert [name(path) for path in files if not ast.get_docstring(tree(path))] == []
    silent = [(name(path), node.name) for path in files for node in public(path) if not ast.get_docstring(node)]
    assert [place for place in silent if place[1] != "main"] == []


NUMBERED = "MARK.format(place=place)"
"""Markup written in the source but for a number that `enumerate` gives (`ui/navigation.py`)."""


def test_no_text_becomes_code_or_markup() -> None:
    """No eval, and HTML only where it is written in the source."""
    for path in [*MODULES, *SCRIPTS]:
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            called, place = ast.unparse(node.func), f"{name(path)}:{node.lineno}"
            assert called not in ("eval", "exec", "compile", "os.system"), place
            words = {word.arg for word in node.keywords}
            assert not words & {"unsafe_allow_html", "unsafe_allow_javascript", "shell"}, place
            if called in ("st.html", "st.iframe") and ast.unparse(node.args[0]) != NUMBERED:
                assert isinstance(node.args[0], ast.Constant), place


EXTRA = ("requirements-postgresql.txt", "requirements-oidc.txt")


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", *EXTRA])
def test_every_requirement_is_pinned(file: str) -> None:
    lines = [line.partition("#")[0].strip() for line in (ROOT / file).read_text().splitlines()]
    for line in filter(None, lines):
        if line.startswith("--no-binary"):
            continue
        assert re.fullmatch(r"[A-Za-z0-9_.\[\]-]+==[\w.!+]+(; .+)?", line), line


@pytest.mark.parametrize("file", EXTRA)
def test_what_a_host_installs_besides_is_what_is_tested(file: str) -> None:
    named = {line for line in (ROOT / file).read_text().splitlines() if not line.startswith("#")}
    assert named
    assert named <= set((ROOT / "requirements-dev.txt").read_text().splitlines())


def test_what_is_imported_is_required() -> None:
    """Each package that snnviz imports is in requirements.txt by its own name, not only by way of another."""
    required = {
        re.split("[=\\[]", line)[0].lower().replace("-", "_")
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line and not line.startswith("#")
    }
    distribution = {"sklearn": "scikit_learn", "pydantic_core": "pydantic", "PIL": "pillow"}
    distribution |= dict.fromkeys(("starlette", "uvicorn", "itsdangerous"), "streamlit")  # Streamlit is built of these
    import sys

    for path in [*MODULES, *SCRIPTS]:
        for package in imports(path) - set(sys.stdlib_module_names) - {"snnviz"}:
            assert distribution.get(package, package).lower() in required, (name(path), package)


def test_the_version_stands_in_one_place() -> None:
    """In `snnviz/__init__.py`; the citation and the changelog's first heading, which cannot ask, agree with it."""
    from snnviz import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version", "dependencies"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "snnviz.__version__"}
    for file, pattern in (("CITATION.cff", r"^version: \"?([\d.]+)"), ("CHANGELOG.md", r"^## \[?([\d.]+)")):
        path = ROOT / file
        if path.exists():
            found = re.search(pattern, path.read_text(), re.MULTILINE)
            assert found, file
            assert found[1] == __version__, file
