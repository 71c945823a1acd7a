"""A design is trained, and its layers are looked at."""
