"""Many people watch one run: what that costs the dashboard's process, and how long each waits for a new picture.

    python benchmarks/viewers.py [--viewers 50] [--seconds 30]

Each viewer is a websocket that does what Streamlit's browser half does: it opens the design page by the run's link,
and then reruns the live panel's fragment at the interval that the page asks for. A latency is counted from the moment
when the rerun was due, so that a server that falls behind cannot hide it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from dataclasses import dataclass, field

from server import Server, cpu_seconds, machine, quantile, report, serving
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from snnviz.design import links
from snnviz.design.design import Design

EPOCHS = 1000
"""Of the watched run: more than it can do while it is watched."""

LIMIT_SECONDS = 300
"""After which the whole benchmark gives up."""


@dataclass
class Viewer:
    """One open browser tab."""

    server: Server
    query: str
    latencies: list[float] = field(default_factory=list)
    received: int = 0
    interval: float = 0.0
    fragment: str = ""
    preview: str = ""
    page: str = ""
    kept: dict[str, bool] = field(default_factory=dict)

    async def watch(self, until: float, since: asyncio.Event) -> None:
        address = f"ws://127.0.0.1:{self.server.port}/_stcore/stream"
        async with connect(address, subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"], max_size=None) as socket:  # type: ignore[list-item]
            await self.ask(socket, fragment="")
            await self.answer(socket)
            if not self.fragment:
                raise SystemExit("the page has no live panel: the run is not going on")
            await since.wait()
            due = time.monotonic() + random.random() * self.interval
            while due < until:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await self.ask(socket, fragment=self.fragment)
                await self.answer(socket)
                self.latencies.append(time.monotonic() - due)
                due += self.interval

    async def ask(self, socket: ClientConnection, fragment: str) -> None:
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self.page
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = bool(fragment) and fragment == self.fragment
        message.rerun_script.cached_message_hashes.extend(self.kept)
        await socket.send(message.SerializeToString())

    async def answer(self, socket: ClientConnection) -> None:
        """Read until the script has finished."""
        while True:
            async with asyncio.timeout(60):
                data = await socket.recv()
            assert isinstance(data, bytes)
            self.received += len(data)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if message.metadata.cacheable:
                self.kept[message.hash] = True
            if kind == "auto_rerun":
                self.interval, self.fragment = message.auto_rerun.interval, message.auto_rerun.fragment_id
            elif kind == "delta" and message.delta.new_element.metric.label == "Parameters":
                self.preview = message.delta.fragment_id
            elif kind == "new_session":
                self.page = message.new_session.page_script_hash
            elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
                raise SystemExit(f"the page failed: {message.delta.new_element.exception.message}")
            elif kind == "script_finished":
                return


async def measure(server: Server, viewers: int, seconds: float, lead: float) -> dict[str, object]:
    design = links.change(Design(), {"training.epochs": EPOCHS})
    store = server.store()
    run = store.submit(design).run  # the server's own worker takes it up
    while not store.get(run).step:
        await asyncio.sleep(0.2)
    await asyncio.sleep(lead)
    audience = [Viewer(server, links.to_query(design)) for _ in range(viewers)]
    since = asyncio.Event()
    until = time.monotonic() + 600
    tasks = []
    for viewer in audience:
        tasks.append(asyncio.create_task(viewer.watch(until, since)))
        await asyncio.sleep(0.05)
    await asyncio.sleep(2)
    for task in tasks:
        if task.done():
            task.result()
    for viewer in audience:
        viewer.received = 0
    pid, own = server.process.pid, cpu_seconds
    begin, spent, mine = time.monotonic(), own(pid), time.process_time()
    since.set()
    await asyncio.sleep(seconds)
    wall, spent, mine = time.monotonic() - begin, own(pid) - spent, time.process_time() - mine
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    latencies = [value for viewer in audience for value in viewer.latencies]
    step = store.get(run)
    store.cancel(run)
    store.close()
    return {
        "viewers": viewers,
        "seconds": round(wall, 1),
        "page_process_cpu_percent": round(100 * spent / wall, 1),
        "latency_p50_ms": round(1000 * quantile(latencies, 0.5), 1),
        "latency_p95_ms": round(1000 * quantile(latencies, 0.95), 1),
        "latency_max_ms": round(1000 * max(latencies), 1),
        "reruns_per_second": round(len(latencies) / wall, 1),
        "received_kB_per_rerun": round(sum(v.received for v in audience) / len(latencies) / 1000, 1),
        "epochs_watched": round(step.step / step.steps * EPOCHS),
        "clients_cpu_percent": round(100 * mine / wall, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--viewers", type=int, default=50, choices=range(1, 201), metavar="1..200")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--lead", type=float, default=10.0, help="seconds that the run has run when they come")
    given = parser.parse_args()
    before = machine()
    with serving() as server:
        work = measure(server, given.viewers, min(given.seconds, 120), min(given.lead, 60))
        found = asyncio.run(asyncio.wait_for(work, LIMIT_SECONDS))
    found |= {"before": before, "after": machine()}
    line = "| {viewers} viewers | {page_process_cpu_percent} % of a core | {latency_p50_ms} ms | {latency_p95_ms} ms |"
    report(found, line.format(**found))


if __name__ == "__main__":
    main()
