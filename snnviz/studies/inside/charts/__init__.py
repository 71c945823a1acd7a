"""Rows in, figures and tables out (plotly)."""
