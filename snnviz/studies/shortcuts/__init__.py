"""Study: shortcut branches (Guo et al. 2024), and how large gradients are in each layer."""
