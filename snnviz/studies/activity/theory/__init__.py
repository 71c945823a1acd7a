"""Theory of the activity of layers at initialisation, in numpy, without training."""
