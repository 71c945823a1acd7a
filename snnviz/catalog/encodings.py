"""How an image becomes an input over T time steps.

Training uses snntorch's spikegen (`snnviz.core.data`). The functions here say what theory needs: the matrix of
second moments E[x_s x_t] over pixels, shape (T, T), from the distribution of pixel intensities in [0, 1].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnviz.design import ENCODINGS

Moments = NDArray[np.float64]


@ENCODINGS.register(source="Rueckauer et al. 2017", formula=r"x^t = \frac{p - \mu}{\sigma}")
def direct(levels: Moments, share: Moments, steps: int, /) -> Moments:  # noqa: ARG001
    """The normalised image is the input current of every time step: no noise, and the first layer is computed once.

    Pixels are shifted and scaled to mean 0 and variance 1 over the training set.
    """
    return np.ones((steps, steps))


@ENCODINGS.register(source="snntorch.spikegen.rate", formula=r"x^t \sim \mathrm{Bernoulli}(p)")
def rate(levels: Moments, share: Moments, steps: int, /) -> Moments:
    """Each pixel spikes with a probability equal to its intensity, anew at every time step."""
    moments = np.full((steps, steps), float(share @ levels**2))
    np.fill_diagonal(moments, float(share @ levels))
    return moments


@ENCODINGS.register(source="snntorch.spikegen.latency (linear, normalised)", formula=r"t = (T-1)(1-p)")
def latency(levels: Moments, share: Moments, steps: int, /) -> Moments:
    """Each pixel spikes once: the brighter, the earlier. Pixels darker than 1 % stay silent."""
    times = np.round((steps - 1) * (1 - levels)).astype(int)
    lit = levels >= 0.01
    return np.diag(np.bincount(times[lit], weights=share[lit], minlength=steps))
