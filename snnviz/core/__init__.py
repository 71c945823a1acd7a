"""Training and simulation in torch.

Apart from this package only `compute` of studies, the worker and `search/gaussian_process.py` use torch.
"""
