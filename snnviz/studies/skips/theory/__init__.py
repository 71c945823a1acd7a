"""Theory of the search, in numpy: the most promising untried candidates."""
