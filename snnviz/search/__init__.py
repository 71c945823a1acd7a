"""Search strategies over codes: random search; Gaussian processes with UCB, for one value, and with qLogNEHVI, for a
front of several. All minimise.

They are light; torch and BoTorch are imported when one is first fitted.
"""

from snnviz.search.fronts import NEHVI
from snnviz.search.scales import Scale, categories, ordered_scale
from snnviz.search.strategies import RandomSearch, Strategy
from snnviz.search.ucb import KERNELS, UCB

__all__ = ["KERNELS", "NEHVI", "UCB", "RandomSearch", "Scale", "Strategy", "categories", "ordered_scale"]
