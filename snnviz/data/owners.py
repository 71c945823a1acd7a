"""Owners of uploaded data sets, stored as keyed hashes, and their storage quotas."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import NamedTuple

from snnviz.data.files.limits import UploadLimits
from snnviz.errors import InputError, Unquoted

OWNERS_FILE = "makers.json"
HASH_PATTERN = re.compile(r"[0-9a-f]{32}|s[0-9a-f]{31}")
"""Of a visitor, and of somebody who signed in (`people.person.data_mark`)."""


class Owner(NamedTuple):
    """The owner of a data set: keyed hashes of a visitor and of their internet address."""

    visitor: str
    address: str


class StorageUse(NamedTuple):
    """The number of data sets and bytes that an owner stores."""

    sets: int
    bytes: int


def read_owners(folder: Path) -> dict[str, str]:
    """Returns the owners of the data set in this folder: the hash of each visitor, mapped to that of the address."""
    try:
        found = json.loads((folder / OWNERS_FILE).read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {one: str(two) for one, two in found.items() if HASH_PATTERN.fullmatch(one)}


def write_owners(folder: Path, several: dict[str, str]) -> None:
    """Writes the owners of the data set in this folder, atomically."""
    work = folder / f"{OWNERS_FILE}.tmp"
    work.write_text(json.dumps(several))
    os.replace(work, folder / OWNERS_FILE)


def storage_use(maker: Owner, sizes: dict[Path, int]) -> tuple[StorageUse, StorageUse]:
    """Returns how much the visitor, and how much all visitors of the same address, store; `sizes` is in bytes by
    folder.
    """
    told = {folder: read_owners(folder) for folder in sizes}
    theirs = [sizes[folder] for folder, makers in told.items() if maker.visitor in makers]
    there = [sizes[folder] for folder, makers in told.items() if maker.address in makers.values()]
    return StorageUse(len(theirs), sum(theirs)), StorageUse(len(there), sum(there))


def check_quota(maker: Owner, size: int, sizes: dict[Path, int], limits: UploadLimits) -> None:
    """Raises `InputError` if storing `size` more bytes exceeds the quota of the visitor or of the address."""
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
