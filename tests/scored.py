"""What the scoring of a cell found, of spikes drawn here: no network is needed to draw its figures."""

from __future__ import annotations

import numpy as np

from snnviz.studies.cells.theory.sahd import KernelMatrix, LayerSparsity, Scores, ScoringResult

LAYERS = (("cell 1, node 0", 400, 2), ("reduction", 200, 1), ("hidden", 60, 1))
"""Name, neurons, copies."""


def findings(
    images: int = 12, steps: int = 3, rate: float = 0.2, *, alike: bool = False, repeats: int = 2
) -> ScoringResult:
    """Neurons that spike by chance, each image at a rate of its own. `alike`: the first two images are the same."""
    draw = np.random.default_rng(5)
    labels = np.arange(images, dtype=np.int32)[::-1] // 3
    kernels, layers = [], []
    for _ in range(repeats):
        kernel, layers = KernelMatrix("paper"), []
        for name, neurons, copies in LAYERS:
            rates = rate * draw.uniform(0.5, 1.5, (images, 1))
            spikes = (draw.random((steps, images, neurons)) < rates).astype(np.int64)
            if alike:
                spikes[:, 1] = spikes[:, 0]
            kernel.add(np.einsum("tin,tjn->tij", spikes, spikes), neurons, copies)
            layers.append(LayerSparsity(name, neurons, copies, (1 - spikes.mean(2)).astype(np.float32)))
        kernels.append(kernel)
    relu = [LayerSparsity(one.name, one.neurons, one.copies, np.full((1, images), 0.5, np.float32)) for one in layers]
    first = kernels[-1]
    return ScoringResult(
        {
            "sahd": Scores(tuple(kernel.score("sahd") for kernel in kernels)),
            "hd": Scores(tuple(kernel.score("hd") for kernel in kernels)),
        },
        tuple(layers),
        tuple(relu),
        first.hamming.astype(np.int32),
        first.sahd.astype(np.float32),
        labels,
        first.neurons,
        first.terms,
    )
