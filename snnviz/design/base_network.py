"""The base class of all kinds of network in a design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from snnviz.design.adjacency import Edges
from snnviz.design.part import Part

Norm = Literal["none", "batch"]
"""Normalisation of a hidden layer's input current. "batch" (Ioffe and Szegedy 2015): mean 0 and variance 1 over images,
positions and time steps together, times a learnt gain, plus the bias; the batch is then not split into micro-batches.
In a network of cells each time step has statistics of its own.
"""


Code = Literal["rate", "ttfs"]
"""How neurons encode their output: "rate" by spikes over the time steps (ReLUs: by a number), "ttfs" by the time of the
one spike that each neuron may emit, which computes the same as ReLUs (`snnviz.theory.ttfs`).
"""


class BaseNetwork(Part):
    """Base class of all kinds of network in a design: the fields, flags and methods that they share."""

    code: Code = "rate"

    by_step: ClassVar[bool] = False
    """Whether batch normalisation has statistics of its own for each time step."""

    has_row: ClassVar[bool] = True
    """Whether the network can be a plain sequence of layers, as time-to-first-spike coding needs."""

    fully_connected: ClassVar[bool] = False
    """Whether all layers are linear layers."""

    scaled: ClassVar[bool] = False
    """Whether the field `width` is a share of the channels of a published architecture."""

    matrix_per_block: ClassVar[bool] = False
    """Whether each block has an adjacency matrix of its own, of a fixed number of layers."""

    drawn_fields: ClassVar[frozenset[str]] = frozenset()
    """Names of the fields that are edited in the matrix editor instead of a form."""

    @property
    def changed_blocks(self) -> tuple[int, ...]:
        """Numbers, from 1, of the blocks whose adjacency matrix differs from the published architecture's."""
        return ()

    def without_skips(self, channels: int) -> BaseNetwork | None:  # noqa: ARG002
        """Returns this network without skips and with `channels` channels, as a control; None if the kind has no such
        control.
        """
        return None

    @property
    def matrices(self) -> tuple[Edges, ...]:
        """The adjacency matrices of the network's blocks: one per block, or only one if all blocks share it; () for
        networks without blocks.
        """
        return ()

    @property
    def hidden_layers(self) -> int | None:
        """Number of hidden layers, for kinds that are a sequence of `depth` layers; None for other kinds."""
        return None

    def with_matrices(self, edges: Sequence[Edges]) -> dict[str, object]:  # noqa: ARG002
        """Returns the field values that give this network these adjacency matrices; `edges` is as long as
        `matrices`.
        """
        return {}

    @property
    def backward_connections(self) -> dict[str, str]:
        """The network's backward connections (to an earlier layer or node) as ``{field: text}`` of the field that
        holds them.

        {} if there are none.
        """
        return {}

    def without_backward(self) -> dict[str, object]:
        """Returns the field values that turn this network into one without backward connections; {} if it has none."""
        return {}

    @property
    def skips(self) -> dict[str, str]:
        """The network's skip connections as ``{field: text}`` of the field that holds them; {} if the network is a
        plain sequence of layers.
        """
        return {}

    def as_sequence(self) -> BaseNetwork:
        """Returns the nearest network that is a plain sequence of layers, with the same number of channels."""
        return self

    def describe(self) -> list[str]:
        """Returns a short description for people, as a list of phrases: the kind of network and its size."""
        raise NotImplementedError

    def required_changes(self, field: str) -> dict[str, object]:  # noqa: ARG002 (others have something)
        """Returns which other fields of this network must also change, and to what, for a change of `field` that is
        otherwise refused.

        {} where no such values are known.
        """
        return {}
