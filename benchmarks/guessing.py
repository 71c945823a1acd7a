"""Can public names be guessed? Draws some by a seed, to be explained by somebody who knows PyTorch and not snnviz.

    python -m benchmarks.guessing --seed 7             names alone, one a line:        1. snnviz.core.train.evaluate
    python -m benchmarks.guessing --seed 7 --shown     the same names, each followed by its signature and docstring

A name is a module, class, function, method or property, by its whole path. Drawn are those below the pages: with
`--everywhere` also those of `ui`, `views`, `cli` and the studies' charts, pages and commands. A judge who has not read
the code writes a sentence for each name of the first list, then for each of the second; somebody who knows the code
counts the right ones. What is wanted: 32 of 40 from the name alone, and 40 of 40 with the docstring (issue 19).
"""

from __future__ import annotations

import argparse
import ast
import random
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PAGES = {"ui", "views", "cli", "charts", "page", "command"}
"""Folders of what draws pages and prints; left out unless asked for."""

Definition = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public_names(*, everywhere: bool = False) -> dict[str, Definition]:
    """Every public name of snnviz by its path, in order, with its definition."""
    found: dict[str, Definition] = {}
    for file in sorted((ROOT / "snnviz").rglob("*.py")):
        place = file.relative_to(ROOT).with_suffix("").parts
        if not everywhere and PAGES & set(place):
            continue
        module = ".".join(place[:-1] if place[-1] == "__init__" else place)
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if not module.endswith("__main__"):
            found[module] = tree
            found |= {f"{module}.{name}": node for name, node in _defined(tree)}
    return found


def _defined(body: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    for node in body.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _defined(node, f"{prefix}{node.name}.")


def draw(seed: int, count: int, *, everywhere: bool = False) -> dict[str, Definition]:
    """`count` of the public names, the same for the same seed and code."""
    names = public_names(everywhere=everywhere)
    return {name: names[name] for name in random.Random(seed).sample(sorted(names), min(count, len(names)))}


def described(name: str, node: Definition) -> str:
    """Returns signature and docstring as text, indented; for a class also its fields with their docstrings."""
    lines = [f"module {name}"]
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(map(ast.unparse, node.bases))
        lines = [f"class {node.name}({bases})" if bases else f"class {node.name}"]
        for line, after in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(line, ast.AnnAssign):
                lines.append(f"    {ast.unparse(line)}")
                if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                    lines += [f"        {words.strip()}" for words in str(after.value.value).splitlines()]
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        lines = [f"@{ast.unparse(decorator)}" for decorator in node.decorator_list]
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        lines.append(f"def {node.name}({ast.unparse(node.args)}){returns}")
    doc = ast.get_docstring(node) or "(no docstring)"
    return "\n".join("    " + line for line in [*lines, *doc.splitlines()])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--shown", action="store_true", help="with signature and docstring")
    parser.add_argument("--everywhere", action="store_true", help="pages, charts and commands too")
    options = parser.parse_args()
    for number, (name, node) in enumerate(draw(options.seed, options.count, everywhere=options.everywhere).items(), 1):
        print(f"{number}. {name}")
        if options.shown:
            print(described(name, node), end="\n\n")


if __name__ == "__main__":
    main()
