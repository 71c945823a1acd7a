"""The study "Look inside": one test image, or all of them, passed through a trained network, spike by spike."""
