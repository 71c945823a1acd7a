"""A cache of its own for every test of the pages, and nobody left working in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from snnviz.design.design import Design
from snnviz.errors import StoreError
from snnviz.jobs.immediate import Immediate
from snnviz.jobs.local import Local
from snnviz.store import Run, Store
from snnviz.studies.inside.page.client import LookClient
from snnviz.ui.kit import services, untrained
from snnviz.ui.server import streamlit_patches


@pytest.fixture(scope="session", autouse=True)
def installed_components() -> Iterator[None]:
    """AppTest looks through all installed packages for components at the start of every session; once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session", autouse=True)
def repaired() -> None:
    """As the launcher does."""
    streamlit_patches.keep_choices_among_what_is_offered()


@contextmanager
def using(folder: Path, *, worker: bool = False) -> Iterator[Path]:
    """The pages use this cache folder. What they submit stays in the queue, so that a test sees the same however busy
    the machine is; with a `worker` it is trained, and at the end nobody works there any more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNNVIZ_CACHE", str(folder))
        patch.delenv("SNNVIZ_STORE", raising=False)
        patch.setattr(LookClient, "start", lambda _: None)  # the process of looks, which would outlive the test
        patch.setattr(untrained, "can_measure", lambda _: False)  # the process that measures, likewise
        if not worker:
            patch.setattr(Local, "start", lambda _: None)
        services.CACHE.clear()
        yield folder
        with suppress(StoreError):
            Local(services.store()).stop()
            services.store().close()


@pytest.fixture(autouse=True, name="cache")
def own_cache(tmp_path: Path) -> Iterator[Path]:
    """The cache folder that the pages use."""
    with using(tmp_path):
        yield tmp_path


@pytest.fixture
def trained() -> Callable[..., Run]:
    """Really trains a design in the pages' store."""

    def train(design: Design, title: str = "") -> Run:
        store = Store()
        run = Immediate(store).submit(design).run
        if title:
            store.rename(run, title)
        found = store.get(run)
        store.close()
        services.CACHE.clear()
        return found

    return train
