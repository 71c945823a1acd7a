"""Runs by workers and in processes of their own."""
