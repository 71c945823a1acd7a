"""Theory of TTFS networks, in numpy, without training."""
