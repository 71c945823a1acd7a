"""Search strategies: random search, and Bayesian optimisation of one value (UCB) or of several (qLogNEHVI). All
minimise.

A code is a tuple of ints: the chosen option for each slot of what is searched. The modules are light; torch and BoTorch
are imported when a Gaussian process is first fitted.
"""

from snnviz.search.fronts import NEHVI
from snnviz.search.scales import Scale, categories, ordered_scale
from snnviz.search.strategies import RandomSearch, Strategy
from snnviz.search.ucb import KERNELS, UCB

__all__ = ["KERNELS", "NEHVI", "UCB", "RandomSearch", "Scale", "Strategy", "categories", "ordered_scale"]
