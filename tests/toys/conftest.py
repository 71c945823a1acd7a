"""What stands here is loaded by the tests that add it, not by the collection of doctests."""

collect_ignore_glob = ["*.py"]
