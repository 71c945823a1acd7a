"""Plotly figures, tables and sentences of the study "Trade-offs"."""
