"""Plotly figures and tables of the Shortcuts page: runs with shortcut branches, and gradients of layers."""
