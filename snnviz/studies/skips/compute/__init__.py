"""Computations of the skips study with torch, run by workers: searches for skip connections."""
