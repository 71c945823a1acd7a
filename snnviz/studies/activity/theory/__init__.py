"""Theory of activity at initialisation, in numpy, without training."""
