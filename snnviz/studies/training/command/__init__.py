"""Commands for measuring runs again (click)."""
