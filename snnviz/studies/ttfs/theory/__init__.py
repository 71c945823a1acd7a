"""In numpy: what can be said without training."""
