"""The first page, and the pages and panels of lessons."""
