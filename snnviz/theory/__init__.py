"""Closed formulas and exact simulations in numpy: predictions and costs of a network without training it."""
