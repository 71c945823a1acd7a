"""Which skip connections a network is better with."""
