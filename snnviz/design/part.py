"""What all values of a design, of tasks and of settings are."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Frozen, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def variant(cls, document: object) -> type[Part]:  # noqa: ARG003 (others have several)
        """The part that such a document is of, where a field may hold one of several."""
        return cls
