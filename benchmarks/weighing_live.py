"""Many people watch an experiment of 200 runs on the view Weigh: what that costs the dashboard's process.

    python benchmarks/weighing_live.py [--viewers 20] [--seconds 40]

Viewers are websockets as in `viewers.py`. The runs are small, so that they end every second or so, and every figure is
drawn anew after each: more often than runs that learn something.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time

from server import Server, cpu_seconds, machine, quantile, report, serving
from viewers import Viewer
from websockets.asyncio.client import ClientConnection

from snnviz.design.experiment import from_query

LINK = (
    "data.train_samples=300&data.test_samples=100&data.steps=3&network.kind=mlp&network.depth=2&network.width=16"
    "&training.epochs=3&vary.1=neuron.threshold=0.5..1.5/20&vary.2=init=kaiming,glorot&vary.seeds=5"
)


class Weigher(Viewer):
    """A tab on the view Weigh."""

    async def ask(self, socket: ClientConnection, fragment: str) -> None:
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self.page
        message.rerun_script.page_name = "" if self.page else "tradeoffs"
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = bool(fragment)
        message.rerun_script.cached_message_hashes.extend(self.kept)
        await socket.send(message.SerializeToString())


async def measure(server: Server, viewers: int, seconds: float) -> dict[str, object]:
    store = server.store()
    runs = [store.submit(run.design).run for run in from_query(LINK).runs()]
    while store.counts()["done"] < 10:
        await asyncio.sleep(0.2)
    audience = [Weigher(server, f"{LINK}&view=weigh") for _ in range(viewers)]
    since, tasks = asyncio.Event(), []
    for viewer in audience:
        tasks.append(asyncio.create_task(viewer.watch(time.monotonic() + 600, since)))
        await asyncio.sleep(0.05 + 0.05 * random.random())
    await asyncio.sleep(8)
    for task in tasks:
        if task.done():
            task.result()
    begin, spent, done = time.monotonic(), cpu_seconds(server.process.pid), store.counts()["done"]
    for viewer in audience:
        viewer.received = 0
    since.set()
    await asyncio.sleep(seconds)
    wall, spent = time.monotonic() - begin, cpu_seconds(server.process.pid) - spent
    ended = store.counts()["done"] - done
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    latencies = [value for viewer in audience for value in viewer.latencies]
    for run in runs:
        store.cancel(run)
    store.close()
    return {
        "viewers": viewers,
        "seconds": round(wall, 1),
        "runs_ended": ended,
        "page_process_cpu_percent": round(100 * spent / wall, 1),
        "latency_p50_ms": round(1000 * quantile(latencies, 0.5), 1),
        "latency_p95_ms": round(1000 * quantile(latencies, 0.95), 1),
        "reruns_per_second": round(len(latencies) / wall, 1),
        "interval": audience[0].interval,
        "received_kB_per_rerun": round(sum(v.received for v in audience) / max(1, len(latencies)) / 1000, 1),
    }


def main() -> None:
    """Measure, and print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--viewers", type=int, default=20)
    words.add_argument("--seconds", type=float, default=40.0)
    given = words.parse_args()
    with serving() as server:
        found = asyncio.run(asyncio.wait_for(measure(server, given.viewers, given.seconds), 300))
    report({**machine(), **found}, f"| {given.viewers} | {found['page_process_cpu_percent']} % |")


if __name__ == "__main__":
    main()
