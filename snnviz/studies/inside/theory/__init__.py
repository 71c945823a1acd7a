"""Computations of the study "Look inside" in numpy: a diagnosis of a network's problems."""
