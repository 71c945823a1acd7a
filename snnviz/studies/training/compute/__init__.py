"""Worker code that runs finished networks once more with their last weights, to measure each layer (spikes, Var[u],
operations); uses torch, so that only workers import it.
"""
