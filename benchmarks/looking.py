"""How long somebody waits on the page Look inside, and what twenty viewers cost: a real server, a real browser.

    python -m benchmarks.looking [--rounds 8] [--viewers 20] [--seconds 20]

A default run and a small ResNet-18 are trained in a store of their own, in a temporary folder that is removed. Times
are taken in the page, from the press (or the pen) until the figure's new numbers stand there and the browser has
painted: the least and the median of so many rounds, since other work on the machine only adds, and the least processor
time that the page's process and the one that holds the networks took together meanwhile.
*Cold*: the process that holds the networks was not there yet. Viewers are websockets, each at an image of its own, that
draw their view anew every five seconds; their share of a core is that of the page's process and of the one that holds
the networks together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from playwright.sync_api import Page, sync_playwright  # noqa: E402
from server import Server, cpu_seconds, machine, serving  # noqa: E402
from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: E402
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # noqa: E402
from websockets.asyncio.client import ClientConnection, connect  # noqa: E402

from snnviz.catalog.examples import get_example  # noqa: E402
from snnviz.design import links  # noqa: E402
from snnviz.design.design import Design  # noqa: E402
from snnviz.jobs.immediate import Immediate  # noqa: E402

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
DEEP = links.change(Design(), {"data.steps": 25, "network.channels": 16, "training.epochs": 1})
"""Four layers of 16 channels at T = 25."""

RESNET = {"training.epochs": 1, "data.train_samples": 200, "data.test_samples": 100}
PAUSE = 5.0
"""Seconds between two drawings of a viewer's page."""

BARS = {
    "first look, from the press": 1000,
    "another image": 300,
    "answer behind the pen": 150,
    "look at ResNet-18 (small)": 1000,
}
"""Milliseconds that each may take on an idle machine."""

WATCH = """
() => {
  const ofRasters = () => document.querySelector("[data-chart=inside_rasters] .unseen")?.textContent ?? "";
  const ofAnswer = () => [...document.querySelectorAll("[data-testid=stMetric]")].map((e) => e.textContent).join();
  window.changed = (act, answer = false) => new Promise((resolve) => {
    const words = answer ? ofAnswer : ofRasters;
    const before = words();
    const begin = performance.now();
    const look = () => {
      const now = words();
      if (!now || now === before) return;
      watcher.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begin)));
    };
    const watcher = new MutationObserver(look);
    watcher.observe(document.body, { subtree: true, childList: true, characterData: true });
    act();
  });
  const within = (selector) => {
    const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot ?? one);
    return roots.map((root) => [...root.querySelectorAll(selector)]).find((some) => some.length);
  };
  window.dot = (x, y) => {
    const [canvas] = within(".snnviz-drawing canvas");
    const box = canvas.getBoundingClientRect();
    const at = { clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true, pointerId: 1 };
    canvas.setPointerCapture = () => {};
    const tell = (kind, buttons) => canvas.dispatchEvent(new PointerEvent(kind, { ...at, buttons }));
    tell("pointerdown", 1);
    tell("pointermove", 1);
    tell("pointerup", 0);
  };
  window.picture = (k) => within("button.item")[k].click();
}
"""
PAINTED = "[data-chart=inside_rasters] .heatmaplayer image"


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait in seconds: by the clock, and of the processors for page and networks."""

    wall: float
    work: float


def work_so_far(server: Server) -> float:
    """Seconds of processor time of the page's process and of the one that holds the networks."""
    spent = 0
    for pid in (server.process.pid, *answering_pids(server)):
        with suppress(OSError):  # it has ended
            tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
            spent += sum(int(task.read_text().split()[0]) for task in tasks)
    return spent / 1e9


def waited(server: Server, act: Callable[[], object]) -> Wait:
    """What `act` takes; what it returns, if a number, is its time by the clock in milliseconds."""
    work, begin = work_so_far(server), time.monotonic()
    found = act()
    wall = time.monotonic() - begin
    work = work_so_far(server) - work
    return Wait(found / 1000 if isinstance(found, int | float) else wall, work)


def first_look(page: Page, server: Server, design: Design) -> Wait:
    """From the press of Look inside, beside a finished run, until its rasters are painted."""
    page.goto(f"{server.url}/design?{links.to_query(design)}")
    button = page.get_by_role("button", name="Look inside", exact=True)
    button.wait_for(timeout=300_000)
    page.wait_for_timeout(1500)  # the page is still at work, as nobody presses within a second

    def press() -> None:
        button.click()
        page.locator(PAINTED).first.wait_for(timeout=300_000)

    return waited(server, press)


def open_look(page: Page, server: Server, run: str) -> None:
    page.goto(f"{server.url}/inside?look.run={run}")
    page.locator(PAINTED).first.wait_for(timeout=300_000)
    page.get_by_text("Page 1 of").wait_for(timeout=300_000)
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)


def images(page: Page, server: Server, rounds: int) -> list[Wait]:
    """From a click on another image to its rasters."""
    found = []
    for k in range(1, rounds + 1):
        script = f"() => window.changed(() => window.picture({k % 20}))"
        found.append(waited(server, partial(page.evaluate, script)))
        page.wait_for_timeout(700)
    return found


def pen(page: Page, server: Server, rounds: int, *, answer: bool) -> list[Wait]:
    """From a dot of the pen until the answer of the network (its numbers; else its rasters) to the picture with it
    stands there.
    """
    if not page.get_by_text("Draw with the mouse").count():
        page.get_by_role("radio", name="Draw one").click()
    page.get_by_text("Draw with the mouse").wait_for()
    page.wait_for_timeout(1500)
    page.evaluate("() => window.dot(0.3, 0.2)")
    page.wait_for_timeout(2500)
    found = []
    for k in range(rounds):
        x, y = 0.15 + 0.7 * ((k * 0.37 + 0.2 * answer) % 1), 0.15 + 0.7 * ((k * 0.61) % 1)
        script = f"() => window.changed(() => window.dot({x}, {y}), {str(answer).lower()})"
        found.append(waited(server, partial(page.evaluate, script)))
        page.wait_for_timeout(700)
    return found


def answering_pids(server: Server) -> list[int]:
    """The process that holds the networks, started by this server."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            words = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == server.process.pid and b"compute.answering" in words:
            found.append(int(status.parent.name))
    return found


class Viewer:
    """One open tab: a websocket that opens the page by a link and then draws its view again and again."""

    def __init__(self, server: Server, query: str) -> None:
        self.server, self.query, self.fragment, self.page = server, query, "", ""

    async def watch(self, begin: asyncio.Event, ready: asyncio.Event, until: float) -> int:
        address = f"ws://127.0.0.1:{self.server.port}/_stcore/stream"
        async with connect(address, subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"], max_size=None) as socket:  # type: ignore[list-item]
            await self._ask(socket, page="inside")
            await self._answer(socket)
            if not self.fragment:
                raise SystemExit("the page shows no rasters")
            ready.set()
            await begin.wait()
            done = 0
            due = time.monotonic() + PAUSE * (hash(self.query) % 100) / 100
            while due < until:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await self._ask(socket)
                await self._answer(socket)
                done, due = done + 1, due + PAUSE
            return done

    async def _ask(self, socket: ClientConnection, page: str = "") -> None:
        message = BackMsg()
        message.rerun_script.query_string = self.query
        if page:
            message.rerun_script.page_name = page
        else:
            message.rerun_script.page_script_hash = self.page
            message.rerun_script.fragment_id = self.fragment
        await socket.send(message.SerializeToString())

    async def _answer(self, socket: ClientConnection) -> None:
        while True:
            async with asyncio.timeout(120):
                data = await socket.recv()
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.page = message.new_session.page_script_hash
            elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "bidi_component":
                if "inside-rasters" in message.delta.new_element.bidi_component.id:
                    self.fragment = message.delta.fragment_id
            elif kind == "script_finished":
                return


async def audience(server: Server, run: str, viewers: int, seconds: float) -> dict[str, Any]:
    begin, tasks, until = asyncio.Event(), [], time.monotonic() + 600
    for k in range(viewers):
        viewer, ready = Viewer(server, f"look.run={run}&look.image={k}"), asyncio.Event()
        tasks.append(asyncio.create_task(viewer.watch(begin, ready, until)))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([waiting, tasks[-1]], return_when=asyncio.FIRST_COMPLETED)
        if tasks[-1].done():
            tasks[-1].result()
    pids = [server.process.pid, *answering_pids(server)]
    spent, since = sum(map(cpu_seconds, pids)), time.monotonic()
    begin.set()
    await asyncio.sleep(seconds)
    spent, wall = sum(map(cpu_seconds, pids)) - spent, time.monotonic() - since
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"viewers": viewers, "share_of_a_core_percent": round(100 * spent / wall, 1)}


def told(name: str, values: list[Wait]) -> dict[str, float]:
    """The least and the median by the clock, and the least work, in milliseconds; a line for the table is printed."""
    found = {
        "least_ms": round(1000 * min(one.wall for one in values)),
        "median_ms": round(1000 * median(one.wall for one in values)),
        "work_ms": round(1000 * min(one.work for one in values)),
        "rounds": len(values),
        "load": round(os.getloadavg()[0], 1),
    }
    bar = f"{BARS[name]:,} ms" if name in BARS else ""
    line = f"| {name} | {found['least_ms']:,} ms | {found['median_ms']:,} ms | {found['work_ms']:,} ms | {bar} |"
    print(line, flush=True)
    return found


def main() -> None:
    """Prints JSON, and lines for the table in docs/inside.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    before, found = machine(), {}
    resnet = links.change(get_example("resnet18-digits"), RESNET)
    with serving() as server:
        store = server.store()
        runs = {design.digest: Immediate(store).submit(design).run for design in (DEEP, resnet)}
        store.close()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(300_000)
            cold = first_look(page, server, DEEP)
            found["first look, from the press"] = told(
                "first look, from the press", [first_look(page, server, DEEP) for _ in range(given.rounds // 2)]
            )
            found["first look, cold"] = told("first look, cold", [cold])
            open_look(page, server, runs[DEEP.digest])
            found["another image"] = told("another image", images(page, server, given.rounds))
            for name in ("answer behind the pen", "rasters behind the pen"):
                found[name] = told(name, pen(page, server, given.rounds, answer=name.startswith("answer")))
            found["look at ResNet-18 (small)"] = told(
                "look at ResNet-18 (small)", [first_look(page, server, resnet) for _ in range(3)]
            )
            browser.close()
        shared = asyncio.run(audience(server, runs[DEEP.digest], given.viewers, given.seconds))
    print(json.dumps({"before": before, "after": machine(), **found, "viewers": shared}, indent=2))
    print(f"| {shared['viewers']} viewers of one run | {shared['share_of_a_core_percent']} % of a core | | | 50 % |")


if __name__ == "__main__":
    main()
