"""Figures and tables of the TTFS page (plotly)."""
