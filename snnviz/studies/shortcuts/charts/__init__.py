"""Figures and tables of the Shortcuts page (plotly)."""
