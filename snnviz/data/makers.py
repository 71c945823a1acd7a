"""Who keeps a data set of one's own: told beside it by marks from which nobody can be found, and what each may keep."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import NamedTuple

from snnviz.data.files.limits import Limits
from snnviz.errors import Described, InputError

FILE = "makers.json"
MARK = re.compile(r"[0-9a-f]{32}")


class Maker(NamedTuple):
    """Somebody who keeps a data set: keyed hashes of who they are and of where they come from."""

    visitor: str
    address: str


class Kept(NamedTuple):
    """What somebody keeps."""

    sets: int
    bytes: int


def of(folder: Path) -> dict[str, str]:
    """Of everybody who keeps the data set of this folder: the visitor's mark, and the address'."""
    try:
        found = json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {one: str(two) for one, two in found.items() if MARK.fullmatch(one)}


def write(folder: Path, several: dict[str, str]) -> None:
    """Say who keeps the data set of this folder; whole or not at all."""
    work = folder / f"{FILE}.tmp"
    work.write_text(json.dumps(several))
    os.replace(work, folder / FILE)


def kept(maker: Maker, sizes: dict[Path, int]) -> tuple[Kept, Kept]:
    """What a visitor and what all of their address keep of the data sets in these folders, so many bytes each."""
    told = {folder: of(folder) for folder in sizes}
    theirs = [sizes[folder] for folder, makers in told.items() if maker.visitor in makers]
    there = [sizes[folder] for folder, makers in told.items() if maker.address in makers.values()]
    return Kept(len(theirs), sum(theirs)), Kept(len(there), sum(there))


def fit(maker: Maker, size: int, sizes: dict[Path, int], limits: Limits) -> None:
    """Raises `InputError` where one more data set of so many bytes is more than a visitor, or an address, may keep."""
    visitor, address = kept(maker, sizes)
    _fit(visitor, size, limits.visitor_sets, limits.visitor_kept, "of yours", "; remove one of yours first")
    _fit(
        address,
        size,
        limits.address_sets,
        limits.address_kept,
        "of your internet address",
        "; others there may remove some",
    )


def _fit(have: Kept, size: int, sets: int, megabytes: int, whose: str, advice: str) -> None:
    if have.sets >= sets:
        rule = f"be one of at most {sets} {whose} on this server"
        raise InputError("data set", rule, Described("one more"), advice)
    if have.bytes + size > megabytes * 10**6:
        rule = f"fit into the {megabytes:,} MB {whose} that are kept on this server"
        raise InputError("data set", rule, Described(f"{size / 1e6:,.0f} MB more"), advice)
