"""Figures and tables of the Activity page (plotly)."""
