"""Computations of the study "Trade-offs" in numpy: groups of runs (that differ only in the seed) with their objectives,
and the progress of searches for a Pareto front.
"""
