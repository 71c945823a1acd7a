"""Theory of TTFS (time-to-first-spike) networks, in numpy, without training."""
