"""Computations of the cells study with torch, run by workers: scoring cells without training, and cell searches."""
