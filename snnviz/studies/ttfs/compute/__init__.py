"""Computations of the study of TTFS (time-to-first-spike) networks with torch, run by workers: fine-tuning under
hardware limits, and training side by side.
"""
