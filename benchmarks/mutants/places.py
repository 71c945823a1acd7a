"""Mutants: an operator, a comparison or a constant that is another one. Which there are, and which a seed draws."""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

FOLDERS = (
    "snnviz/theory",
    "snnviz/core",
    "snnviz/store",
    "snnviz/jobs",
    "snnviz/data",
    "snnviz/graph",
    "snnviz/studies/*/theory",
    "snnviz/studies/*/compute",
)
"""Where numbers are made and kept."""

_BINARY = ["Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_FloorDiv", "Pow_Mul"]
_BITS = ["BitAnd_BitOr", "BitOr_BitAnd", "BitXor_BitAnd", "LShift_RShift", "RShift_LShift"]
_COMPARISONS = ["Lt_LtE", "Lt_Gt", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_Lt", "GtE_Gt", "GtE_Lt"]
_SAME = ["Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"]
_WORDS = ["ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "NumberReplacer"]
OPERATORS = [
    *(f"core/ReplaceBinaryOperator_{name}" for name in _BINARY + _BITS),
    *(f"core/ReplaceComparisonOperator_{name}" for name in _COMPARISONS + _SAME),
    *(f"core/ReplaceUnaryOperator_{name}" for name in ["USub_UAdd", "Delete_Not"]),
    *(f"core/{name}" for name in _WORDS),
]
"""Of cosmic-ray's, those that a slip of the pen could have made."""

_TYPES = {"int", "float", "str", "bool", "bytes", "tuple", "list", "dict", "set", "None"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one place changed. Row from 1, column from 0; `line` is its text, `nth` of the file's equal lines."""

    path: str
    row: int
    column: int
    line: str
    nth: int
    operator: str
    occurrence: int
    index: int

    @property
    def key(self) -> str:
        """What it is called, whatever is added above it."""
        which = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.path}{which}: {self.line} @{self.column} {self.operator.removeprefix('core/')} {self.index}"

    def text(self, source: str) -> str:
        """The file with the change."""
        found = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        assert found is not None
        return str(found)

    def change(self, source: str) -> str:
        """The changed line. (cosmic-ray drops the space before a number, and with it the end of the line before.)"""
        text, lines = self.text(source), source.splitlines(keepends=True)
        at = sum(map(len, lines[: self.row - 1])) + self.column
        start, end = 0, 0
        while start < at and text[start] == source[start]:
            start += 1
        while end < len(source) - at and text[-1 - end] == source[-1 - end]:
            end += 1
        first = self.column - len(lines[self.row - 1]) + len(lines[self.row - 1].lstrip())
        rest = self.line[first + len(source[at : len(source) - end]) :]
        return self.line[:first] + text[start : len(text) - end].strip() + rest


def files(root: Path, folders: tuple[str, ...] = FOLDERS) -> list[Path]:
    """Modules in the folders that there are."""
    found = {path for folder in folders for part in root.glob(folder) for path in part.rglob("*.py")}
    return sorted(found)


def places(path: str, source: str) -> list[list[Mutant]]:
    """Of a file: what each of its places can become."""
    tree, lines = get_ast(source), source.splitlines()
    allowed, passed_over = _binary(source), _decorators(source)
    seen: dict[str, int] = defaultdict(int)
    nth = [seen.__setitem__(line.strip(), seen[line.strip()] + 1) or seen[line.strip()] for line in lines]
    found: dict[tuple[int, int], list[Mutant]] = defaultdict(list)
    nodes = list(ast_nodes(tree))
    for name in OPERATORS:
        operator, occurrence = get_operator(name)(), 0
        for node in nodes:
            for index, ((row, column), _) in enumerate(operator.mutation_positions(node)):
                two = "Binary" not in name or any(start <= (row, column) < end for start, end in allowed)
                if two and row not in passed_over and not _guards(node):
                    line = lines[row - 1].strip()
                    found[row, column].append(Mutant(path, row, column, line, nth[row - 1], name, occurrence, index))
                occurrence += 1
    return [found[at] for at in sorted(found)]


def drawn(root: Path, seed: int, count: int, folders: tuple[str, ...] = FOLDERS) -> tuple[list[Mutant], int]:
    """`count` places with one change each, and how many places there are.

    In an order by the hashes of their names and the seed: who edits a file moves no mutant of another.
    """
    every: list[tuple[str, Mutant]] = []
    for path in files(root, folders):
        name, source = str(path.relative_to(root)), path.read_text()
        for choices in places(name, source):
            every.append(_chosen(seed, choices))
    every.sort(key=lambda pair: pair[0])
    return [one for _, one in every[:count]], len(every)


def _chosen(seed: int, choices: list[Mutant]) -> tuple[str, Mutant]:
    """One of a place's changes. The place's own number does not depend on how many changes there are."""
    place = choices[0]
    number = _hash(seed, f"{place.path} {place.line} {place.nth} {place.column}")
    return number, choices[int(_hash(seed, number), 16) % len(choices)]


def _hash(seed: int, text: object) -> str:
    return hashlib.sha256(f"{seed} {text}".encode()).hexdigest()


def _binary(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where a binary operator of two values stands: not the | of types, nor a star of arguments."""
    lines = source.splitlines()

    def at(row: int, column: int) -> tuple[int, int]:
        return row, len(lines[row - 1].encode()[:column].decode())

    found = []
    for node in _outside_annotations(ast.parse(source)):
        if isinstance(node, ast.BinOp) and not (isinstance(node.op, ast.BitOr) and _is_type(node.right)):
            left, right = node.left, node.right
            end = at(left.end_lineno or left.lineno, left.end_col_offset or 0)
            found.append((end, at(right.lineno, right.col_offset)))
    return found


def _guards(node: Any) -> bool:
    """The value of `strict=` in a call of zip: an assertion, which changes nothing that is computed."""
    parent = node.parent
    return bool(parent is not None and parent.type == "argument" and parent.children[0].get_code().strip() == "strict")


def _decorators(source: str) -> set[int]:
    """Rows of `@dataclass(...)`."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    found = [one for node in classes for one in node.decorator_list if ast.unparse(one).startswith("dataclass(")]
    return {row for one in found for row in range(one.lineno, (one.end_lineno or one.lineno) + 1)}


def _outside_annotations(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _outside_annotations(child)


def _is_type(node: ast.expr) -> bool:
    name = ast.unparse(node).split("[")[0].split(".")[-1]
    return name in _TYPES or (name[:1].isupper() and not name.isupper())
