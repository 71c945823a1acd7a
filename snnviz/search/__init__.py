"""Search strategies over categorical codes, minimising a value: random search, and Gaussian processes with UCB.

`RandomSearch` and `UCB` are light; torch and BoTorch are imported when a `UCB` is first fitted.
"""

from snnviz.search.strategies import RandomSearch, Strategy
from snnviz.search.ucb import KERNELS, UCB

__all__ = ["KERNELS", "UCB", "RandomSearch", "Strategy"]
