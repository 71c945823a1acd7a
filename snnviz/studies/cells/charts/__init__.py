"""Figures and tables of the Cells page (plotly)."""
