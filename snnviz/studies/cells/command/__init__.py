"""Commands (click) of the cells study: scoring, searching and training SNASNet cells."""
