"""A database server that is stopped and killed while runs go: none is lost or done twice, and numbers are whole."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from snnviz.design.design import Design
from snnviz.errors import StoreError
from snnviz.events import Sample
from snnviz.store import Store
from snnviz.tasks import KINDS
from tests import postgresql as servers
from tests.conftest import MakeDesign
from tests.jobs.undisturbed import undisturbed
from tests.waiting import PATIENCE, Background


@pytest.fixture
def own(postgresql: servers.Cluster) -> Iterator[servers.Cluster]:
    """A server of the test's own, which keeps what was committed where it is killed."""
    assert postgresql
    with servers.cluster(synchronous_commit="on") as made:
        yield made


def disturb(server: servers.Cluster, chance: random.Random) -> None:
    """Stop it as for an upgrade, or kill it; and have it back soon, or after a while."""
    chance.choice([server.stop, server.kill])()
    time.sleep(chance.choice([0, 0, 0.2, 1.0, 3.0]))
    server.start()


def work(server: servers.Cluster, folder: Path, designs: list[Design], times: int) -> None:
    """Train all designs while the server goes away so often, each time after somebody got on."""
    chance = random.Random(7)
    with pytest.MonkeyPatch.context() as patch, server.database() as url:
        patch.setenv("SNNVIZ_CACHE", str(folder))
        store = Store(url)
        engine = Background(store, children=2)
        for design in designs:
            engine.submit(design)
        made, seen, end = 0, 0, time.monotonic() + PATIENCE + 10 * times
        while True:
            assert time.monotonic() < end, [(run.run, run.state, run.step) for run in store.runs()]
            try:
                engine.ensure_worker()  # as a dashboard does
                runs = store.runs()
                on = sum(run.step + 1000 * run.attempt for run in runs)
            except StoreError as error:
                if "cannot be reached" not in str(error):
                    raise
                continue
            if all(run.ended for run in runs):
                break
            if made < times and on > seen and any(0 < run.step < run.steps for run in runs if run.state == "running"):
                disturb(server, chance)
                made, seen = made + 1, on
            time.sleep(chance.uniform(0.02, 0.3))
        assert made == times
        assert len(runs) == len(designs)
        for design in designs:
            run = store.get(design.digest)
            assert (run.state, run.error) == ("done", None)
            rows = {kind: [row for _, row in store.rows(run.run, kind)] for kind in KINDS.row_types}
            assert rows == undisturbed(design)
            assert store.load_checkpoint(run.run) is not None
        engine.end()
        store.close()


def test_runs_outlast_a_server_that_goes_away(own: servers.Cluster, tmp_path: Path, long: MakeDesign) -> None:
    work(own, tmp_path, [long(seed, epochs=2) for seed in range(3)], times=3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_forty_runs_outlast_a_hundred_ends_of_the_server(
    own: servers.Cluster, tmp_path: Path, long: MakeDesign
) -> None:
    designs = [long(seed, epochs=6) for seed in range(40)]
    work(own, tmp_path, designs, times=100)
    assert all(undisturbed(design)[Sample] for design in designs)
