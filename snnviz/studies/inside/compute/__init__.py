"""In torch: what workers run."""
