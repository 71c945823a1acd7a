"""Commands (click) of the study "Look inside"."""
