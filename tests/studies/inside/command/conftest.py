"""As for all commands."""

from tests.cli.conftest import cache, shared, snnviz

__all__ = ["cache", "shared", "snnviz"]
