"""The catalogue: everything a design chooses by name. Each entry is a function whose docstring is shown to users."""
