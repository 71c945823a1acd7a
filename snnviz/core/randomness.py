"""Random numbers that depend on the design's seed and on what they are for, never on what was drawn before."""

from __future__ import annotations

import torch

from snnviz.theory.randomness import derive_seed as derive_seed


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    """A torch generator of its own for one purpose."""
    return torch.Generator().manual_seed(derive_seed(seed, *purpose))
