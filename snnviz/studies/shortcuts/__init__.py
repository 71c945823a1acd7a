"""Shortcut branches, and what gradient reaches which layer."""
