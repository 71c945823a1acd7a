"""Plotly figures and tables of the Skips page: accuracy by skip connections, and searches for them."""
