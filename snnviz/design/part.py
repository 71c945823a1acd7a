"""The base class of all values that designs, tasks and settings are made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base class of all values that designs, tasks and settings are made of: a frozen pydantic model that refuses
    unknown fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def class_for(cls, document: object) -> type[Part]:  # noqa: ARG003 (others have several)
        """Returns the class with which a document (nested dictionary) is read; by default this class. Overridden where
        its "kind" decides.
        """
        return cls
