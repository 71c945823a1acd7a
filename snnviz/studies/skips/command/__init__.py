"""Commands (click) of the skips study: sweeps over the number of skips, and searches for skip connections."""
