"""The study's computations in numpy: groups of runs against objectives, and the course of searches for a front."""
