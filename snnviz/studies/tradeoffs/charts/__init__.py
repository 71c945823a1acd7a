"""Plotly figures, tables and sentences of the study "Trade-offs": comparisons of designs, and Pareto fronts."""
