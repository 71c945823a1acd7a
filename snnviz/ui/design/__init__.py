"""The page where a network is designed and trained."""
