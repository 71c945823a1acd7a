"""Who keeps a data set of one's own: told beside it by marks from which nobody can be found, and what each may keep."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import NamedTuple

from snnviz.data.files.limits import UploadLimits
from snnviz.errors import InputError, Unquoted

OWNERS_FILE = "makers.json"
HASH_PATTERN = re.compile(r"[0-9a-f]{32}")


class Owner(NamedTuple):
    """Somebody who keeps a data set: keyed hashes of who they are and of where they come from."""

    visitor: str
    address: str


class StorageUse(NamedTuple):
    """What somebody keeps."""

    sets: int
    bytes: int


def read_owners(folder: Path) -> dict[str, str]:
    """Of everybody who keeps the data set of this folder: the visitor's mark, and the address'."""
    try:
        found = json.loads((folder / OWNERS_FILE).read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {one: str(two) for one, two in found.items() if HASH_PATTERN.fullmatch(one)}


def write_owners(folder: Path, several: dict[str, str]) -> None:
    """Say who keeps the data set of this folder; whole or not at all."""
    work = folder / f"{OWNERS_FILE}.tmp"
    work.write_text(json.dumps(several))
    os.replace(work, folder / OWNERS_FILE)


def storage_use(maker: Owner, sizes: dict[Path, int]) -> tuple[StorageUse, StorageUse]:
    """What a visitor and what all of their address keep of the data sets in these folders, so many bytes each."""
    told = {folder: read_owners(folder) for folder in sizes}
    theirs = [sizes[folder] for folder, makers in told.items() if maker.visitor in makers]
    there = [sizes[folder] for folder, makers in told.items() if maker.address in makers.values()]
    return StorageUse(len(theirs), sum(theirs)), StorageUse(len(there), sum(there))


def check_quota(maker: Owner, size: int, sizes: dict[Path, int], limits: UploadLimits) -> None:
    """Raises `InputError` where one more data set of so many bytes is more than a visitor, or an address, may keep."""
    visitor, address = storage_use(maker, sizes)
    _fit(visitor, size, limits.visitor_sets, limits.visitor_kept, "of yours", "; remove one of yours first")
    _fit(
        address,
        size,
        limits.address_sets,
        limits.address_kept,
        "of your internet address",
        "; others there may remove some",
    )


def _fit(have: StorageUse, size: int, sets: int, megabytes: int, whose: str, advice: str) -> None:
    if have.sets >= sets:
        rule = f"be one of at most {sets} {whose} on this server"
        raise InputError("data set", rule, Unquoted("one more"), advice)
    if have.bytes + size > megabytes * 10**6:
        rule = f"fit into the {megabytes:,} MB {whose} that are kept on this server"
        raise InputError("data set", rule, Unquoted(f"{size / 1e6:,.0f} MB more"), advice)
