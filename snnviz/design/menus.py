"""What designs choose from by name: registries, filled by the catalogue and the data sets when they are first asked."""

from __future__ import annotations

from typing import Any

from pydantic import Field, PlainSerializer, PlainValidator

from snnviz.design import naming
from snnviz.design.neurons import Neurons
from snnviz.design.registry import Number, Registry

EVENTS, CURRENT = "events", "current"
"""Traits: of a data set of recordings of events, and of an encoding that makes a current of what it is given."""


DATASETS: Registry[Any] = Registry("data set", "snnviz.data.datasets")


ENCODINGS: Registry[Any] = Registry("encoding", "snnviz.catalog.encodings")


SURROGATES: Registry[Any] = Registry("surrogate", "snnviz.catalog.surrogates")


INITS: Registry[Any] = Registry("initialisation", "snnviz.catalog.inits")


OPTIMIZERS: Registry[Any] = Registry("optimizer", "snnviz.catalog.optimizers")


SCHEDULES: Registry[Any] = Registry("schedule", "snnviz.catalog.optimizers")


LOSSES: Registry[Any] = Registry("loss", "snnviz.catalog.losses")


NEURONS = Neurons("neuron", "snnviz.catalog.neurons")


SHORTCUTS: Registry[Any] = Registry("weighting of shortcut branches", "snnviz.catalog.shortcuts")


SPIKING_READOUT = frozenset({"count"})
"""Losses whose readout layer is a layer of spiking neurons."""


class Choice(dict[str, str | Number]):
    """An entry of a registry and its parameters: ``{"kind": "atan", "slope": 2.0}``. Read only."""

    @classmethod
    def meant(cls, registry: Registry[Any], kind: str, **given: Number) -> Choice:
        """An entry whose other parameters are as absence means, for ever: of designs that follow from a setting."""
        return cls(registry.choose(registry.noun, naming.complete_choice(registry, {"kind": kind, **given})))

    @property
    def kind(self) -> str:
        return str(self["kind"])

    @property
    def parameters(self) -> dict[str, Number]:
        return {name: value for name, value in self.items() if not isinstance(value, str)}

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items(), key=lambda item: item[0])))

    def __reduce__(self) -> tuple[type[Choice], tuple[dict[str, str | Number]]]:
        return Choice, (dict(self),)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a choice is read only; make another design")

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse


def choice_field(registry: Registry[Any], path: str) -> Any:
    """What makes a field one of a registry's entries, for `Annotated`. `path`: the field's, for sentences."""
    return (
        PlainValidator(lambda value: Choice(registry.choose(path, value))),
        PlainSerializer(dict),
        registry,
    )


def default_choice(registry: Registry[Any], path: str, **given: Any) -> Any:
    """A field's default: resolved late, because the catalogue is written in terms of these values."""
    return Field(default_factory=lambda: Choice(registry.choose(path, given)))
