"""Strategies that look for the code with the smallest value: random, and a Gaussian process with an upper confidence
bound. `RandomSearch` and `UCB` are light; torch and BoTorch are loaded when a `UCB` is first fitted.
"""

from snnviz.search.strategies import RandomSearch, Strategy
from snnviz.search.ucb import KERNELS, UCB

__all__ = ["KERNELS", "UCB", "RandomSearch", "Strategy"]
