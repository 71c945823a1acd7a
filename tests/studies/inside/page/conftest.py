"""As for all pages; and the process that holds the networks ends after each test."""

from collections.abc import Iterator

import pytest

from snnviz.studies.inside.page import client
from tests.pages.conftest import installed_components, own_cache, repaired, trained

__all__ = ["installed_components", "own_cache", "repaired", "trained"]


@pytest.fixture(autouse=True)
def process_ended() -> Iterator[None]:
    yield
    client.look_client().stop()
