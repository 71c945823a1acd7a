"""The base class of all values that designs, tasks and settings are made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base class: a frozen pydantic model that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def variant(cls, document: object) -> type[Part]:  # noqa: ARG003 (others have several)
        """Returns the class that reads such a document, for fields that may hold one of several classes; by default
        this one.
        """
        return cls
