"""What every kind of network has, and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from snnviz.design.adjacency import Edges
from snnviz.design.part import Part

Norm = Literal["none", "batch"]
"""What happens to a hidden layer's current before its neurons. "batch" (Ioffe and Szegedy 2015): mean 0 and variance 1
over images, positions and time steps together, times a learnt gain, plus the bias; a batch then goes through whole. In
a network of cells each time step has statistics of its own."""


Code = Literal["rate", "ttfs"]
"""How neurons tell what they have to say: "rate" by spikes over the time steps (ReLUs: by a number), "ttfs" by the time
of the one spike that each may have, which is another way to compute what ReLUs do (`snnviz.theory.ttfs`)."""


class BaseNetwork(Part):
    """What every kind of network has, and what others ask of one whatever its kind."""

    code: Code = "rate"

    by_step: ClassVar[bool] = False
    """Whether batch normalisation has statistics of its own for each time step."""

    has_row: ClassVar[bool] = True
    """Whether it can be layers in a row, as one spike a neuron asks for."""

    fully_connected: ClassVar[bool] = False
    """Whether all its layers are."""

    scaled: ClassVar[bool] = False
    """Whether `width` is a share of an original's channels."""

    matrix_per_block: ClassVar[bool] = False
    """Whether each block has a matrix of its own, of a given number of layers."""

    drawn_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields that an editor draws, and no form asks for."""

    @property
    def changed_blocks(self) -> tuple[int, ...]:
        """The numbers, from 1, of blocks whose matrix is not the original's."""
        return ()

    def without_skips(self, channels: int) -> BaseNetwork | None:  # noqa: ARG002
        """The same with so many channels and no skips, as a control; None of kinds without such a control."""
        return None

    @property
    def matrices(self) -> tuple[Edges, ...]:
        """Of each block that has one; stacked blocks share theirs."""
        return ()

    @property
    def hidden_layers(self) -> int | None:
        """How many there are in a row, where that is the field `depth`; None of other kinds."""
        return None

    def with_matrices(self, edges: Sequence[Edges]) -> dict[str, object]:  # noqa: ARG002
        """Own fields for these matrices, as many as `matrices`."""
        return {}

    @property
    def backward(self) -> dict[str, str]:
        """The field with connections from a later layer or node to an earlier one, and its text; {} without such."""
        return {}

    def forward(self) -> dict[str, object]:
        """Own fields without backward connections."""
        return {}

    @property
    def skips(self) -> dict[str, str]:
        """The field with skips beside a row of layers, and its text; {} without such."""
        return {}

    def in_a_row(self) -> BaseNetwork:
        """The nearest network of layers in a row, with as many channels."""
        return self

    def in_words(self) -> list[str]:
        """What it is, and how large."""
        raise NotImplementedError

    def in_the_way_of(self, field: str) -> dict[str, object]:  # noqa: ARG002 (others have something)
        """Own fields, as they would have to be for a refused change of another to be allowed, where that is known."""
        return {}
