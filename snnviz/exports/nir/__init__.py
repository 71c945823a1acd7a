"""Networks as NIR graphs: written from the architecture, computed by an interpreter of our own, read with care.

`building` makes the graph of a design and its weights, `files` writes and reads it, `interpreter` computes it, and
`proving` holds what it says against the run's network. `readers` knows what other programs make of it.
"""
