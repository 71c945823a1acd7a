"""Commands of the activity study (click)."""
