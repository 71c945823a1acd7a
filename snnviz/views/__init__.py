"""Rows in, Plotly figures and tables out. Nothing here knows where the numbers come from or where the figures go."""
