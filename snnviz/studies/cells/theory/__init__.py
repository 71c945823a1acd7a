"""Theory of the cells study, in numpy: scores of untrained networks, and rankings of cells."""
