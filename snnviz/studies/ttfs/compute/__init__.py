"""Computation with torch, run by workers."""
