"""Files that people bring: what is in them, within which bounds, and how they are read."""
