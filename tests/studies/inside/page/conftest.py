"""As for all pages."""

from tests.pages.conftest import installed_components, own_cache, repaired, trained

__all__ = ["installed_components", "own_cache", "repaired", "trained"]
