"""Training and simulation in torch; with studies' `compute`, the worker and `search/process.py` the only users of
torch.
"""
