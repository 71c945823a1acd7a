"""Commands (click) of the study of TTFS (time-to-first-spike) networks."""
