"""The registries of everything that designs choose by name; the catalogue's modules are imported at first use."""

from __future__ import annotations

from typing import Any

from pydantic import Field, PlainSerializer, PlainValidator

from snnviz.design import naming
from snnviz.design.neurons import Neurons
from snnviz.design.registry import Number, Registry

EVENTS, CURRENT = "events", "current"
"""Traits of registry entries: a data set of event recordings; an encoding whose output is a current, not spikes."""


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
"""Kinds of loss for which the readout layer consists of spiking neurons."""


class Choice(dict[str, str | Number]):
    """A read-only dictionary of a registry entry's kind and its parameters: ``{"kind": "atan", "slope": 2.0}``."""

    @classmethod
    def from_sparse(cls, registry: Registry[Any], kind: str, **given: Number) -> Choice:
        """Returns a complete choice from an entry's kind and some parameters; the others get their absent values.

        An absent value is the default when the parameter was introduced; it never changes, so designs derived from
        settings keep their digests. Raises `InputError`.
        """
        return cls(registry.choose(registry.noun, naming.complete_choice(registry, {"kind": kind, **given})))

    @property
    def kind(self) -> str:
        """Name of the chosen registry entry, such as "atan"."""
        return str(self["kind"])

    @property
    def parameters(self) -> dict[str, Number]:
        """The entry's parameters by name, without the kind."""
        return {name: value for name, value in self.items() if not isinstance(value, str)}

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items(), key=lambda item: item[0])))

    def __reduce__(self) -> tuple[type[Choice], tuple[dict[str, str | Number]]]:
        return Choice, (dict(self),)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a choice is read only; make another design")

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse


def choice_field(registry: Registry[Any], path: str) -> Any:
    """Returns the `Annotated` metadata that makes a field a choice from `registry`; `path` names the field in
    errors.
    """
    return (
        PlainValidator(lambda value: Choice(registry.choose(path, value))),
        PlainSerializer(dict),
        registry,
    )


def default_choice(registry: Registry[Any], path: str, **given: Any) -> Any:
    """Returns the default of a choice field, for pydantic: the entry `kind` of the registry with the given parameters;
    the registry is read at first use.
    """
    return Field(default_factory=lambda: Choice(registry.choose(path, given)))
