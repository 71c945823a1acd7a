"""Sets of block connection matrices from short texts: all with a given number of skips, or some at random.

>>> from snnviz.design.design import Design
>>> matrix_count("dsc:2", Design()), len(parse_matrices("dsc:2", Design()))
(15, 15)
>>> parse_matrices("random:2", Design())
['00221/00001/00001/00000/00000', '00201/00012/00001/00000/00000']
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

from snnviz.design import adjacency
from snnviz.design.adjacency import ASC, DSC, NONE
from snnviz.design.design import Design
from snnviz.design.networks import BlockNetwork
from snnviz.errors import InputError

PATH = "network.edges"
MOST = 2000
_WORDS = re.compile(r"(all|dsc|asc|random):(\d{1,6})", re.ASCII)
_EACH = re.compile(r"(dsc|asc)-each:([0-7])", re.ASCII)
_TYPES = {"all": (DSC, ASC), "dsc": (DSC,), "asc": (ASC,)}


@dataclass(frozen=True, slots=True)
class SeededMatrix:
    """A random connection matrix that depends on the run's seed.

    type: "dsc" or "asc". n_skip: number of skips into each layer, or as many as fit. depth: number of layers of the
    block.
    """

    type: str
    n_skip: int
    depth: int

    def __str__(self) -> str:
        return f"{self.type}-each:{self.n_skip}"

    def at(self, seed: int) -> str:
        """Returns the adjacency matrix that is drawn for a run with this seed, as text."""
        code = _TYPES[self.type][0]
        return adjacency.to_compact_text(adjacency.with_n_skip(self.depth, self.n_skip, code, seed))


def matrix_count(text: str, base: Design) -> int:
    """Returns how many matrices a text stands for, without generating them: ``dsc:2``, all with two DSC skips and no
    others; ``random:9``, nine drawn; a matrix written out, one. base: the design whose block says how deep they are.
    """
    found = _WORDS.fullmatch(text.strip())
    if found is None:
        return 1
    number = int(found[2])
    if found[1] == "random":
        return number
    each: int = len(_TYPES[found[1]]) ** number
    return comb(len(adjacency.skip_positions(_depth(base))), number) * each


def parse_matrices(text: str, base: Design) -> list[str] | list[SeededMatrix]:
    """Returns the matrices that a text such as ``all:2`` stands for, as text in links, for blocks as deep as `base`'s.

    Raises `InputError` for a text of another form.
    """
    if found := _EACH.fullmatch(text.strip()):
        return [SeededMatrix(found[1], int(found[2]), _depth(base))]
    found = _WORDS.fullmatch(text.strip())
    if found is None:
        return [adjacency.to_compact_text(adjacency.parse(text, PATH))]
    count = matrix_count(text, base)
    depth, what = _depth(base), found[1]
    places = adjacency.skip_positions(depth)
    most = min(MOST, 3 ** len(places)) if what == "random" else MOST
    if not 1 <= count <= most:
        rule = f"name 1 to {most:,} matrices of a block of {depth} layers"
        raise InputError(PATH, rule, f"{text.strip()}")
    several = _drawn(depth, count) if what == "random" else _all(depth, int(found[2]), _TYPES[what])
    return [adjacency.to_compact_text(adjacency.edges_from_skips(depth, skips)) for skips in several]


def _depth(base: Design) -> int:
    network = base.network
    return network.depth if isinstance(network, BlockNetwork) else BlockNetwork().depth


def _all(depth: int, number: int, types: tuple[int, ...]) -> Iterator[dict[tuple[int, int], int]]:
    for places in combinations(adjacency.skip_positions(depth), number):
        for codes in product(types, repeat=number):
            yield dict(zip(places, codes, strict=True))


def _drawn(depth: int, count: int) -> Iterator[dict[tuple[int, int], int]]:
    """Different ones, each place none, DSC or ASC alike; the same ones for ever, and a longer list begins like a
    shorter one."""
    draw, places = random.Random(0), adjacency.skip_positions(depth)
    seen: set[tuple[int, ...]] = set()
    while len(seen) < count:
        codes = tuple(int(3 * draw.random()) for _ in places)  # random() alone is promised to stay
        if codes not in seen:
            seen.add(codes)
            yield {place: code for place, code in zip(places, codes, strict=True) if code != NONE}
