"""What can be chosen by name. Every entry is a function whose docstring, source and ranges are shown as they stand."""
