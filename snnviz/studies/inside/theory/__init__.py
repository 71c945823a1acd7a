"""In numpy: which untried candidates of a search promise most."""
