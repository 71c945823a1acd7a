"""Runs in one zip that another snnviz brings in and repeats: an RO-Crate with designs, rows, figures and weights."""
