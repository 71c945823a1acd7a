"""Random generators that depend on the design's seed and a purpose, never on earlier draws."""

from __future__ import annotations

import torch

from snnviz.theory.randomness import derive_seed as derive_seed


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    """Returns a new torch generator whose seed depends on the design's `seed` and the purpose alone."""
    return torch.Generator().manual_seed(derive_seed(seed, *purpose))
