"""Theory of the scores of cells, in numpy."""
