"""Commands (click) of the study "Look inside": `look` and `confusion`."""
