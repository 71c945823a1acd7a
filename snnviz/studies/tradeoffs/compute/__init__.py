"""The part of the study "Trade-offs" that runs in workers and other processes, with torch or scikit-learn: searches for
a Pareto front, and fitting of prediction models.
"""
