"""Cells of networks, scored without training."""
