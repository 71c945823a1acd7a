"""Plotly figures and tables of the Activity page: activity of layers at initialisation."""
