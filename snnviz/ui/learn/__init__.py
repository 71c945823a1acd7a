"""Where people begin: the first page, and lessons."""
