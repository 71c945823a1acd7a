"""Who keeps a data set: a share of places and of room for each visitor and address, and who may remove it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from snnviz.data import owndata, owners, uploads
from snnviz.data.owners import Owner
from snnviz.data.uploads import CheckedDataset, UploadLimits
from snnviz.errors import InputError, NotFound
from tests.packed import npz

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8)
ME, YOU = Owner("1" * 32, "a" * 32), Owner("2" * 32, "a" * 32)
ELSEWHERE = Owner("3" * 32, "b" * 32)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path))
    return tmp_path


def checked(number: int) -> CheckedDataset:
    return uploads.check_upload(npz(images=IMAGES + np.uint8(number), labels=np.arange(20) % 4))


def keep(number: int, maker: Owner | None, limits: UploadLimits | None = None) -> str:
    return uploads.store_upload(checked(number), "", limits, maker)


def test_a_visitor_has_some_places_and_others_have_theirs() -> None:
    limits = UploadLimits(visitor_sets=2, address_sets=3)
    first = keep(0, ME, limits)
    keep(1, ME, limits)
    with pytest.raises(InputError, match="at most 2 of yours on this server, got one more; remove one of yours first"):
        keep(2, ME, limits)
    keep(2, YOU, limits)
    with pytest.raises(InputError, match="at most 3 of your internet address on this server"):
        keep(3, YOU, limits)
    keep(3, ELSEWHERE, limits)
    keep(4, None, limits)  # whose machine it is
    assert uploads.remove(first, ME.visitor)
    keep(5, ME, limits)


def test_and_some_room() -> None:
    size = IMAGES.nbytes + 20 * 8
    limits = UploadLimits(visitor_kept=0)
    with pytest.raises(InputError, match="fit into the 0 MB of yours that are kept on this server, got 0 MB more"):
        keep(0, ME, limits)
    with pytest.raises(InputError, match="fit into the 0 MB of your internet address"):
        keep(0, ME, UploadLimits(address_kept=0))
    name = keep(0, ME)
    mine, there = owners.storage_use(ME, owndata.own_dataset_sizes())
    assert (mine.sets, there.sets) == (1, 1)
    assert size < mine.bytes == there.bytes < size + 1000  # the files' heads
    assert owners.storage_use(ELSEWHERE, owndata.own_dataset_sizes())[0].sets == 0
    assert uploads.remove(name, ME.visitor)
    assert owners.storage_use(ME, owndata.own_dataset_sizes())[0].bytes == 0


def test_sixty_kilobytes_do_not_fill_all_places() -> None:
    """Tiny data sets of one who throws the cookie away each time."""
    for number in range(60):
        try:
            keep(number, Owner(f"{number:032x}", "a" * 32))
        except InputError:
            break
    assert len(owndata.own_dataset_names()) == UploadLimits().address_sets < UploadLimits().sets
    keep(100, ELSEWHERE)


def test_who_made_it_removes_it_and_nobody_else(cache: Path) -> None:
    name = keep(0, ME)
    for other in (YOU.visitor, "", "4" * 32):
        with pytest.raises(NotFound, match="must be one that you keep"):
            uploads.remove(name, other)
    assert owndata.is_available(name)
    assert uploads.remove(name, ME.visitor)
    assert [path.name for path in (cache / "datasets" / name).iterdir()] == ["card.json"]
    assert uploads.remove(keep(1, None))
    with pytest.raises(NotFound):
        uploads.remove(keep(2, None), ME.visitor)
    assert uploads.remove(keep(3, ME))  # whose machine it is


def test_what_several_keep_stays_until_the_last_removes_it() -> None:
    assert keep(0, ME) == keep(0, YOU) == keep(0, ME)
    (name,) = owndata.own_dataset_names()
    assert owners.read_owners(owndata.dataset_folder(name)) == dict([ME, YOU])
    assert not uploads.remove(name, ME.visitor)
    assert owndata.is_available(name)
    with pytest.raises(NotFound):
        uploads.remove(name, ME.visitor)
    assert uploads.remove(name, YOU.visitor)
    assert not owndata.is_available(name)


def test_the_same_once_more_takes_no_second_place() -> None:
    full = UploadLimits(sets=1, visitor_sets=1)
    assert keep(0, ME, full) == keep(0, ME, full)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"../x": "y"}', "null", '"x"'])
def test_a_damaged_note_is_nobodys(cache: Path, text: str) -> None:
    name = keep(0, ME)
    (cache / "datasets" / name / "makers.json").write_text(text)
    assert owners.read_owners(cache / "datasets" / name) == {}
    assert owndata.is_available(name)


def test_what_is_kept_beside_it_is_the_marks_alone(cache: Path) -> None:
    name = keep(0, ME)
    place = cache / "datasets" / name
    assert json.loads((place / "makers.json").read_text()) == {ME.visitor: ME.address}
    assert sorted(path.name for path in place.iterdir()) == ["card.json", "images.npy", "labels.npy", "makers.json"]
    assert "1" * 32 not in (place / "card.json").read_text()


def test_many_at_once_get_no_more_than_one_after_the_other() -> None:
    limits = UploadLimits(visitor_sets=3)
    several = [checked(number) for number in range(8)]

    def attempt(one: CheckedDataset) -> bool:
        try:
            uploads.store_upload(one, "", limits, ME)
        except InputError:
            return False
        return True

    with ThreadPoolExecutor(8) as visitors:
        assert sum(visitors.map(attempt, several)) == 3
    assert len(owndata.own_dataset_names()) == 3
