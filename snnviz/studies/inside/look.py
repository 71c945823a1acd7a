"""Requests about a trained network (`Look`) and their results (`Answer`), as plain arrays, so that pages need no
torch.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from snnviz.design.registry import Range
from snnviz.design.submitted import Document
from snnviz.errors import InputError

Array = NDArray[Any]

MOST_SPIKES = 200_000
"""Largest number of spikes of all layers that an answer contains; of more, neurons of each layer are sampled evenly."""

MOST_TRACES = 64
"""Largest number of neurons whose potential over time an answer contains."""

MOST_MAP = 65_536
"""Largest number of neurons of a layer whose spike counts an answer contains; beyond it channels are sampled evenly."""

Weights = Literal["trained", "untrained"]


class Look(Document):
    """A request to pass one image through a run's network, with changes to network and input that need no training.

    run, other: names of the traced run and of one to compare it with; "" for none. image: the index of a test image,
    in the run's order. drawn: a picture to use instead, in the format of `picture_text`; "" for none. weights: after
    training or before it. silenced: neurons whose output is set to 0, such as ``L2 3 c7; L1`` (of L2 neuron 3 and
    channel 7, and all of L1). muted: connections that are read as 0, such as ``L3<L1`` (the input of L3 from L1).
    focus: neurons whose potential and currents are returned, such as ``L2 3 7``.
    """

    noun: ClassVar[str] = "a look"

    run: str = ""
    other: str = ""
    image: Annotated[int, Range(0, 1_000_000, "The number of a test image, from 0.", 1)] = 0
    drawn: str = ""
    weights: Weights = "trained"
    silenced: str = ""
    muted: str = ""
    focus: str = ""
    threshold: Annotated[
        float, Range(0, 4, "All thresholds are multiplied by it, without training anew.", 0.05, "Threshold times")
    ] = 1.0
    leak: Annotated[
        float,
        Range(
            0,
            2,
            "All leaks, of PLIF 1 - 1/tau, are multiplied by it and end at 1, without training anew.",
            0.05,
            "Leak times",
        ),
    ] = 1.0
    noise: Annotated[
        float,
        Range(0, 2, "Normal noise on the weights, in standard deviations of each layer's weights.", 0.05, "Noise"),
    ] = 0.0
    dropped: Annotated[
        float, Range(0, 1, "Share of the input's events, or pixels, that is left out.", 0.05, "Input left out")
    ] = 0.0
    steps: Annotated[int, Range(0, 1000, "Time steps that the network is allowed; 0: all of them.", 1)] = 0
    seed: Annotated[int, Range(0, 1_000_000, "Of the noise, and of what is left out.", 1)] = 0

    @field_validator("run", "other", mode="before")
    @classmethod
    def _named(cls, run: object) -> object:
        if not isinstance(run, str) or (run and not re.fullmatch(r"[0-9a-f]{16}", run)):
            raise InputError("run", "be the name of a run, 16 hexadecimal digits", run)
        return run

    @field_validator("silenced", "muted", "focus", mode="before")
    @classmethod
    def _short(cls, text: object) -> object:
        if not isinstance(text, str) or len(text) > 2000:
            raise InputError("silenced", "be at most 2,000 characters of text", text)
        return " ".join(text.split())

    @property
    def changes(self) -> bool:
        """Whether this request modifies the network or its input, so that the result is not that of the trained run."""
        return self != self.unmodified

    @property
    def unmodified(self) -> Look:
        """The same request without its modifications of the network and the input."""
        kept = {"run", "other", "image", "drawn", "focus", "weights"}
        return Look(**{name: getattr(self, name) for name in kept})

    @property
    def network(self) -> Look:
        """The same request without image, focus and compared run; equal for all requests to the same modified network,
        so a cache key.
        """
        return self.model_copy(update={"image": 0, "drawn": "", "focus": "", "other": ""})


def parse_neurons(text: str, field: str = "silenced") -> dict[str, tuple[str, ...]]:
    """Returns the neurons in a text such as ``L2 3 c7; L1``, by the name of their layer: indices in the order (C, H,
    W), ``c7`` for channel 7, ``7,0,2`` for the neuron of channel 7 in row 0 and column 2.

    A layer without indices, (), means all its neurons. Raises `InputError` for a text of another form.

    >>> parse_neurons("L2 3 c7; L1")
    {'L2': ('3', 'c7'), 'L1': ()}
    """
    found: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, *numbers = part.split()
        if not all(re.fullmatch(r"c?\d{1,9}|\d{1,9}(,\d{1,9}){2}", number) for number in numbers):
            raise InputError(field, "name layers and numbers of their neurons, such as L2 3 7; L1", part)
        found[name] = (*found.get(name, ()), *numbers)
    return found


PLACES = ("channel", "row", "column")
"""How a neuron of a layer with maps is addressed."""


def is_connected(shape: Sequence[int]) -> bool:
    """Returns whether a layer of `shape` (C, H, W) has no maps, so that its neurons are addressed by number."""
    return tuple(shape[1:]) == (1, 1)


def neuron_number(layer: str, shape: Sequence[int], place: Sequence[int]) -> int:
    """Returns the index, in the order (C, H, W), of the neuron at a place of a layer of `shape`: its channel, row and
    column, or, of a fully connected layer, its number alone.

    Raises `InputError` that names the one that the layer `layer` does not have.

    >>> neuron_number("L2", (8, 5, 5), (1, 0, 3))
    28
    """
    found = 0
    names = ("number",) if is_connected(shape) else PLACES
    for name, many, value in zip(names, shape, place, strict=False):
        if not 0 <= value < many:
            raise InputError(name, f"be from 0 to {many - 1} in {layer}", value)
        found = found * many + value
    return found


def parse_sources(text: str) -> tuple[tuple[str, str], ...]:
    """Returns pairs (layer, source) from a text ``layer<source; ...``: connections whose values the layer reads as 0.

    Raises `InputError` for a text of another form.

    >>> parse_sources("L3<L1; L4<L2")
    (('L3', 'L1'), ('L4', 'L2'))
    """
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        reader, mark, source = part.partition("<")
        if not mark or not reader.strip() or not source.strip():
            raise InputError("muted", "name what a layer reads, such as L3<L1", part)
        found.append((reader.strip(), source.strip()))
    return tuple(found)


def picture_text(picture: Array) -> str:
    """Returns a picture (H, W) or (C, H, W) with values 0 to 255 as text for a link: shape, then a hex digit per value.

    Values are rounded down to 16 grey levels.

    >>> picture_text(np.array([[0, 255], [128, 16]]))
    '1x2x2.0f81'
    """
    whole = picture[None] if picture.ndim == 2 else picture
    shape = "x".join(map(str, whole.shape))
    return f"{shape}.{''.join(f'{int(value) // 16:x}' for value in whole.ravel())}"


def parse_picture(text: str, shape: Sequence[int]) -> Array:
    """Returns the picture (C, H, W), uint8 from 0 to 255, from a text of `picture_text`.

    Raises `InputError` if it has another shape or is empty.

    >>> parse_picture("1x2x2.0f81", (1, 2, 2)).tolist()
    [[[0, 255], [136, 17]]]
    """
    told, _, digits = text.partition(".")
    expected = "x".join(map(str, shape))
    if told != expected or not re.fullmatch(r"[0-9a-f]+", digits) or len(digits) != int(np.prod(shape)):
        raise InputError("drawn", f"be a picture of {expected} as this page writes it", text[:60])
    values = np.frombuffer(bytes(int(digit, 16) * 17 for digit in digits), dtype=np.uint8).reshape(tuple(shape))
    if not values.any():
        raise InputError("drawn", "be a picture with something on it", "nothing")
    return values


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a `Look`: `about`, values that JSON can hold, and numpy arrays by name.

    It is sent between processes as bytes, without pickle.
    """

    about: Mapping[str, Any]
    arrays: Mapping[str, Array]

    def to_bytes(self) -> bytes:
        """Returns the answer as an .npz file, with `about` as JSON text in it."""
        file = io.BytesIO()
        text = np.frombuffer(json.dumps(self.about, allow_nan=False).encode(), dtype=np.uint8)
        np.savez(file, about=text, **{f"array.{name}": array for name, array in self.arrays.items()})  # type: ignore[arg-type]
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Answer:
        """Returns the answer stored in bytes by `to_bytes`."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name.removeprefix("array."): file[name] for name in file.files if name.startswith("array.")}
            return cls(json.loads(bytes(file["about"]).decode()), arrays)
