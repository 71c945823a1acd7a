"""Computations of the skips study in numpy: the most promising untried candidate networks of a search."""
