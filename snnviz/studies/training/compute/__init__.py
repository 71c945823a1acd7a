"""Measuring the layers of trained networks again, with torch; imported by workers only."""
