"""Closed formulas and exact simulation, in numpy: what a page can say before anything is trained."""
