"""Plotly figures and tables of the TTFS (time-to-first-spike) page."""
