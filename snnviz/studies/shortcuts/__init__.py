"""Study: shortcut branches (auxiliary classifiers on hidden layers; Guo et al. 2024), and how large gradients are in
each layer.
"""
