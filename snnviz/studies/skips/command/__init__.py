"""Commands of the skips study (click)."""
