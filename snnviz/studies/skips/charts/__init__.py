"""Figures and tables of the Skips page (plotly)."""
