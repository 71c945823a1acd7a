"""Data sets in numpy: descriptions, download, images and event recordings as arrays, and uploads."""
