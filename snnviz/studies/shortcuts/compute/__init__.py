"""Computations of the shortcuts study with torch, run by workers: gradients of layers at initialisation."""
