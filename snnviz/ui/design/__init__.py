"""The Design page, on which a network is designed and trained."""
