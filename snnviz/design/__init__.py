"""Designs and tasks as frozen values: their parts, registries of choices, run names, links and adjacency matrices."""
