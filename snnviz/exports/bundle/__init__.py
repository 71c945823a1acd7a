"""Runs in one zip that another snnviz imports and trains again: an RO-Crate with designs, rows, figures and weights."""
