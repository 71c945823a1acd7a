"""Commands (click)."""
