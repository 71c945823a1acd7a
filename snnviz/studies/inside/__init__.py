"""Look inside: one image through a trained network, spike by spike, and many of them."""
