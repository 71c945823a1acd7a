"""Commands of the cells study (click)."""
