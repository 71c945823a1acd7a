"""Frames in, plotly figures out. Nothing here knows where the numbers come from or where the figures go."""
