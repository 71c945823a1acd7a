"""What a host's tools ask of the server: whether it works (`/healthz`), and numbers for Prometheus (`/metrics`)."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import shutil
import time
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from streamlit import runtime

from snnviz import __version__
from snnviz.errors import InputError, SnnvizError
from snnviz.jobs.local import Local
from snnviz.people.hosting import hosting
from snnviz.places import cache_dir
from snnviz.store import HUNG_SECONDS
from snnviz.store.host import Host
from snnviz.ui.kit import services
from snnviz.ui.server.page_times import TIMES

FEW_BYTES = 500_000_000
"""Free disk space below which the server is said to be in trouble."""

STARTED = time.time()
"""When this server was started."""

NOT_HERE = (
    "Metrics are shown to programs on this machine, or with the token of snnviz.toml (metrics.token) as "
    "Authorization: Bearer."
)


async def healthz(_request: Request) -> Response:
    """Responds whether store, queue and disk work: 200 with ``"status": "ok"``, else 503 with sentences."""
    found = await asyncio.to_thread(health)
    return JSONResponse(found, 200 if found["status"] == "ok" else 503, headers={"Cache-Control": "no-store"})


async def metrics(request: Request) -> Response:
    """Responds with the metrics in Prometheus' text format, to whoever may see them."""
    if not _may_see(request):
        return PlainTextResponse(NOT_HERE, 403)
    text = await asyncio.to_thread(metrics_text)
    return Response(text, media_type="text/plain; version=0.0.4", headers={"Cache-Control": "no-store"})


PATHS = {"/healthz": healthz, "/metrics": metrics}
"""The routes of this module."""


def health() -> dict[str, Any]:
    """Returns the state of store, queue and disk, without anything that is about people. At most half a second old."""
    return services.CACHE.get("health", _health)


def _health() -> dict[str, Any]:
    problems, found = [], {"version": __version__}  # type: list[str], dict[str, Any]
    try:
        store = services.store()
        counts = store.counts()
        found["runs"] = dict(counts)
        engine = Local(store)
        silent = engine.seconds_since_heartbeat()
        found["worker"] = {"running": engine.supervisor_pid() is not None, "seconds_since_heartbeat": silent}
        if silent is not None and silent > HUNG_SECONDS:
            problems.append(f"the worker has not been heard of for {silent:.0f} s")
        if store.readonly:
            problems.append("the store is read-only")
    except SnnvizError:
        problems.append("the store cannot be used: python -m snnviz doctor says why")
    free = shutil.disk_usage(cache_dir() if cache_dir().exists() else ".").free
    found["free_bytes"] = free
    if free < FEW_BYTES:
        problems.append(f"the disk has less than {FEW_BYTES / 1e6:.0f} MB left")
    try:
        hosting()
    except InputError:
        problems.append("snnviz.toml is invalid: python -m snnviz doctor says why")
    return {"status": "trouble" if problems else "ok", "problems": problems, **found}


class _Collector:
    """Reads everything when it is asked, so that nothing is counted twice and nothing costs while nobody asks."""

    def collect(self) -> Iterator[Metric]:
        found = health()
        up = GaugeMetricFamily("snnviz_up", "1 if store, queue and disk work.")
        up.add_metric([], float(found["status"] == "ok"))
        yield up
        runs = GaugeMetricFamily("snnviz_runs", "Runs of the store, by state.", labels=["state"])
        for state, count in found.get("runs", {}).items():
            runs.add_metric([state], count)
        yield runs
        if (worker := found.get("worker")) is not None and worker["seconds_since_heartbeat"] is not None:
            yield GaugeMetricFamily(
                "snnviz_worker_heartbeat_seconds", "Since the worker's last sign of life.",
                value=worker["seconds_since_heartbeat"],
            )  # fmt: skip
        yield GaugeMetricFamily("snnviz_disk_free_bytes", "Free space of the cache's disk.", value=found["free_bytes"])
        seconds = GaugeMetricFamily(
            "snnviz_page_seconds", "What the last answers of a page took.", labels=["page", "part", "quantile"]
        )
        for one in TIMES.summary():
            for quantile, value in (("0.5", one.median), ("0.95", one.slow), ("1", one.longest)):
                seconds.add_metric([one.page or "home", "yes" if one.part else "no", quantile], value)
        yield seconds
        yield GaugeMetricFamily("snnviz_sessions", "Open pages.", value=open_pages())
        try:
            work = Host(services.store()).workload()
        except SnnvizError:
            return
        yield CounterMetricFamily(
            "snnviz_training_seconds", "Processor time of all runs there are.", value=work.seconds
        )
        yield GaugeMetricFamily("snnviz_people_waiting", "People with a run that waits or runs.", value=work.people)
        yield GaugeMetricFamily(
            "snnviz_longest_wait_seconds", "Of the runs that wait.",
            value=0.0 if work.oldest is None else max(0.0, time.time() - work.oldest),
        )  # fmt: skip


def metrics_text() -> bytes:
    """Returns the metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector())
    return generate_latest(registry)


def open_pages() -> int:
    """Returns how many pages are open in browsers."""
    return len(runtime.get_instance()._session_mgr.list_active_sessions()) if runtime.exists() else 0


def _may_see(request: Request) -> bool:
    """Whoever has the token; without one, programs on this machine that no proxy stands before."""
    try:
        token = hosting().metrics.token
    except InputError:
        return False
    if token:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    forwarded = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via"))
    try:
        return not forwarded and ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False
