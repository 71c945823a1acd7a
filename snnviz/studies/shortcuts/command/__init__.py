"""The commands (click)."""
