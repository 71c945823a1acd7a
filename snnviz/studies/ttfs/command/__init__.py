"""Commands of the TTFS study (click)."""
