"""Formulas (numpy)."""
