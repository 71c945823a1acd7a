"""Data sets: what there is, where it comes from, images and recordings of events as arrays (numpy)."""
