"""Measuring trained networks again, with torch; imported by workers only."""
