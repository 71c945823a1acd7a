"""Commands of the shortcuts study (click)."""
