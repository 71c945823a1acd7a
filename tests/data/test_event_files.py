"""Files of one recording: what is written is read, and whatever else is a sentence."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnviz.data.files import aedat4
from snnviz.data.files.eventfiles import EVENT, parse_recording
from snnviz.errors import InputError
from tests import oracles
from tests.data.aedat import aedat4 as written
from tests.data.aedat import lz4
from tests.recorded import packed, some

EVENTS = some(1, 3, 200)


def expected(events: Any = EVENTS) -> Any:
    found = np.zeros(len(events), EVENT)
    for name, column in zip(("x", "y", "t", "p"), events.T, strict=True):
        found[name] = column
    return found


def npy(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def h5(columns: dict[str, Any], group: str = "") -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as opened:
        place = opened.create_group(group) if group else opened
        for name, column in columns.items():
            place[name] = column
    return file.getvalue()


COLUMNS = {name: expected()[name] for name in ("x", "y", "t", "p")}
STRUCTURED = expected()[["x", "y", "p", "t"]].astype([("x", "u2"), ("y", "u2"), ("p", "?"), ("t", "f8")])

FORMS = {
    "bin": (".bin", packed(EVENTS)),
    "npy columns": (".npy", npy(EVENTS)),
    "npy columns, by columns": (".npy", npy(np.asfortranarray(EVENTS))),
    "npy fields": (".npy", npy(STRUCTURED)),
    "h5": (".h5", h5(COLUMNS)),
    "h5 group": (".h5", h5(COLUMNS, "events")),
    "aedat4": (".aedat4", written(EVENTS)),
    "aedat4 packed": (".aedat4", written(EVENTS, "lz4", 3)),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_same_events(form: str) -> None:
    ending, raw = FORMS[form]
    np.testing.assert_array_equal(parse_recording(raw, ending), expected())


@pytest.mark.skipif(not oracles.INSTALLABLE, reason="tonic cannot be installed here")
def test_what_is_held_equal_to_tonic_is_held_where_tonic_can_be_installed() -> None:
    assert not any(isinstance(part, oracles.Missing) for part in (oracles.datasets, oracles.io, oracles.transforms))


HEIGHTS = st.integers(0, 255) | st.just(240)  # 240: no event, but later from here on


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 255), HEIGHTS, st.integers(0, 2**24 - 1)), min_size=1))
def test_a_bin_is_read_as_tonic_reads_it_overflows_included(rows: list[tuple[int, int, int]]) -> None:
    raw = b"".join(bytes([x, y]) + t.to_bytes(3, "big") for x, y, t in rows)
    found = parse_recording(raw, ".bin")
    np.testing.assert_array_equal(found, oracles.io.read_mnist_file(io.BytesIO(raw), dtype=EVENT, is_stream=True))


def test_polarities_of_minus_one_and_one_are_zero_and_one() -> None:
    signed = EVENTS.copy()
    signed[:, 3] = 2 * signed[:, 3] - 1
    np.testing.assert_array_equal(parse_recording(npy(signed), ".npy"), expected())


def test_the_real_davis_recording() -> None:
    path = Path(os.environ.get("SNNVIZ_DATA", "")) / "davis_sample.aedat4"
    if not path.is_file():
        pytest.skip("SNNVIZ_DATA does not name a folder with davis_sample.aedat4")
    raw = path.read_bytes()
    found = parse_recording(raw, ".aedat4")
    assert len(found) == 111_954
    assert (np.diff(found["t"]) >= 0).all()
    assert aedat4.stream_resolutions(raw) == {0: (240, 320)}
    assert (found["x"].max(), found["y"].max()) == (319, 239)
    assert set(found["p"]) == {0, 1}


FAULTS: dict[str, tuple[str, bytes, str]] = {
    "bin cut off": (".bin", packed(EVENTS)[:-2], "must hold whole events"),
    "bin empty": (".bin", b"", "must hold whole events"),
    "npy of objects": (".npy", npy(np.array([{}, []], object), allow_pickle=True), "pickled objects, which are never"),
    "npy cut off": (".npy", npy(EVENTS)[:-8], "must be whole"),
    "npy of words": (".npy", npy(np.array([["a"] * 4])), "must hold whole numbers"),
    "npy of fractions": (".npy", npy(EVENTS + 0.5), "fractions"),
    "npy of infinity": (".npy", npy(np.full((2, 4), np.inf)), "fractions"),
    "npy of five columns": (".npy", npy(np.zeros((3, 5), int)), "four columns"),
    "npy outside": (".npy", npy(np.array([[5000, 0, 0, 0]])), "must hold x from 0 to 4095, got 5000"),
    "npy below": (".npy", npy(np.array([[0, -1, 0, 0]])), "must hold y from 0 to 4095, got -1"),
    "npy huge": (".npy", npy(EVENTS).replace(b"(200, 4)", b"(9e9, 4)"), "must be"),
    "npy larger than it is": (".npy", npy(EVENTS).replace(b"(200, 4)", b"(999, 4)"), "must be whole (31,968 bytes"),
    "no npy": (".npy", b"\x93NUMPY\x01\x00\x10\x00 not a header  \n", "must be an array of numbers"),
    "h5 without p": (".h5", h5({k: v for k, v in COLUMNS.items() if k != "p"}), "must hold a data set p"),
    "h5 uneven": (".h5", h5({**COLUMNS, "p": [1]}), "as many x as y, t and p"),
    "h5 of words": (".h5", h5({**COLUMNS, "p": ["a"] * 200}), "whole numbers as p"),
    "no h5": (".h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 50, "must be an HDF5 file"),
    "aedat4 cut off": (".aedat4", written(EVENTS)[:-90], "must be whole"),
    "aedat4 cut off in a block": (".aedat4", written(EVENTS, "lz4")[:1500], "must be whole"),
    "aedat4 by zstd": (".aedat4", written(EVENTS, "zstd"), "compressed by LZ4 or not at all"),
    "no aedat4": (".aedat4", b"#!AER-DAT2.0\r\n", "must begin as AEDAT 4 does"),
    "only the first line": (".aedat4", aedat4.MAGIC, "must be whole"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_a_sentence(fault: str) -> None:
    ending, raw, words = FAULTS[fault]
    with pytest.raises(InputError) as caught:
        parse_recording(raw, ending)
    assert words in str(caught.value)
    assert str(caught.value).startswith("recording must ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_no_damage_is_more_than_a_sentence(form: str, data: st.DataObject) -> None:
    ending, raw = FORMS[form]
    changed = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    for some_raw in (bytes(changed), raw[:cut]):
        try:
            found = parse_recording(some_raw, ending)
        except InputError as error:
            assert str(error).isprintable()  # noqa: PT017
        else:
            assert found.dtype == EVENT


def test_a_small_packet_that_unpacks_to_much_is_refused_before_it_does() -> None:
    raw = bytearray(written(EVENTS, "lz4", 1))
    with pytest.raises(InputError, match="at most 0 MB"):
        list(aedat4.iterate_events(bytes(raw), most=1000))


def test_matches_of_lz4_reach_back_over_blocks() -> None:
    """By hand: "abcd" as literals, then 12 bytes from 4 back; in a second block 8 bytes from the first."""
    blocks = [bytes([0x48]) + b"abcd" + b"\x04\x00" + b"\x00", bytes([0x04]) + b"\x08\x00" + bytes([0x10]) + b"!"]
    frame = lz4(b"")[:7] + b"".join(len(b).to_bytes(4, "little") + b for b in blocks) + b"\0\0\0\0"
    assert aedat4._unpacked(frame, 1000) == b"abcd" * 4 + b"abcdabcd" + b"!"


BAD_BLOCKS = {
    "a match at nothing": b"\x14a\x00\x00\x00",
    "a match before the beginning": b"\x14a\x02\x00\x00",
    "more than a block may hold": b"\x1fa\x01\x00" + b"\xff" * 16_500 + b"\x00",
    "literals that are not there": b"\x20a",
    "half an offset": b"\x14a\x01",
    "half a length of literals": b"\xf0",
    "half a length of a match": b"\x1fa\x01\x00",
}


@pytest.mark.parametrize("block", BAD_BLOCKS.values(), ids=BAD_BLOCKS)
def test_a_block_of_lz4_that_cannot_be_is_a_sentence(block: bytes) -> None:
    frame = lz4(b"")[:7] + len(block).to_bytes(4, "little") + block + b"\0\0\0\0"
    with pytest.raises(InputError, match="whole blocks of LZ4"):
        aedat4._unpacked(frame, 10**8)


def test_hdf5_does_not_reach_outside_its_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["x"] = COLUMNS["x"]
    (tmp_path / "raw").write_bytes(b"\x01" * 1600)
    for harm in ("link", "external", "virtual"):
        hostile = io.BytesIO()
        with h5py.File(hostile, "w") as file:
            for name in ("y", "t", "p"):
                file[name] = COLUMNS[name]
            if harm == "link":
                file["x"] = h5py.ExternalLink(str(secret), "x")
            elif harm == "external":
                stored = [(str(tmp_path / "raw"), 0, 1600)]
                file.create_dataset("x", shape=(200,), dtype="i8", external=stored)
            else:
                layout = h5py.VirtualLayout(shape=(200,), dtype="i8")
                layout[:] = h5py.VirtualSource(str(secret), "x", shape=(200,))
                file.create_virtual_dataset("x", layout)
        with pytest.raises(InputError, match="must hold a data set x"):
            parse_recording(hostile.getvalue(), ".h5")
