"""The study "Look inside": traces one test image, or all of them, through a trained network, spike by spike."""
