"""How long a training step takes, and what memory it needs: snnviz, snntorch, SpikingJelly and norse.

    python benchmarks/training.py [--nets mlp cnn ...] [--threads 1 2] [--rounds 6] [--quick] [--json FILE]

A step is forward, backward and Adam on a batch of 128, in float32; benchmarks/nets.py has the networks. The
contestants take turns, each in a process of its own, so that a busy machine slows them alike; processor time is given
as well, which other programs hardly change. Two threads need an idle machine: next to one busy program torch's threads
wait for each other, and a step takes ten times as long. The peers are installed into .peers/ at the first run, or by
--install alone. Prints one JSON object and Markdown tables. On an idle machine about 20 minutes with one and two
threads.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import nets
import peers
import torch
from nets import Net
from ours import Ours
from peers import Unavailable
from rates import Rates, added_memory, clock
from torch import Tensor

from snnviz.core.memory import retain_freed_memory

OURS, FALLBACK, HALF = "snnviz", "snnviz without its kernel", "snnviz, bfloat16"
CONTESTANTS = (OURS, FALLBACK, HALF, *peers.PEERS)
SHARES = (OURS, "snntorch")
TOLERANCE = 1e-2
"""Between the first losses of snnviz and snntorch, relative. In float64 they are equal to the last digits
(tests/core/test_graphs.py); in float32 a sum in another order now and then moves a spike across the threshold, and in
deep networks that one moves others. After Adam's first step, the sign of each gradient, they differ by more."""

VISIT_SECONDS = 0.5
"""How long a contestant trains before it is another's turn; at least one step."""


class Contestant(Protocol):
    def load(self, weights: dict[str, Tensor]) -> None: ...
    def parameters(self) -> Any: ...
    def working(self, threads: int) -> AbstractContextManager[None]: ...
    def train_step(self, image: Tensor, labels: Tensor) -> Tensor: ...


def enter(name: str, net: Net) -> Contestant:
    """The contestant with the net's weights. Raises `Unavailable`."""
    contestant: Contestant
    if name in (OURS, FALLBACK, HALF):
        contestant = Ours(net, compiled=name != FALLBACK, half=name == HALF)
    else:
        contestant = peers.build(name, net)
    count = sum(parameter.numel() for parameter in contestant.parameters())
    assert count == net.parameters, f"{name} has {count} parameters, not {net.parameters}"
    contestant.load(net.weights())
    return contestant


class Turns:
    """A contestant's seconds per step: by the wall's clock and the processor's, a mean for each round."""

    def __init__(self, contestant: Contestant, threads: int) -> None:
        self.contestant, self.threads, self.clock = contestant, threads, clock(threads)
        self.batches = itertools.cycle(nets.batches(16))
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.least = math.inf
        with contestant.working(threads):
            first, _, _ = self._step()  # of the weights that all begin with
            second, self.expected, _ = self._step()  # of what the first gradients made of them
        self.losses = [first, second]

    def _step(self) -> tuple[float, float, float]:
        image, labels = next(self.batches)
        begin, wall, cpu = self.clock(), time.perf_counter(), time.process_time()
        loss = self.contestant.train_step(image, labels).item()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        self.least = min(self.least, self.clock() - begin)
        return loss, wall, cpu

    def visit(self) -> None:
        with self.contestant.working(self.threads):
            if self.expected < VISIT_SECONDS:
                self._step()  # what the others left in the caches is gone after it
            times = [self._step()[1:] for _ in range(max(1, int(VISIT_SECONDS / self.expected)))]
        self.wall.append(statistics.mean(wall for wall, _ in times))
        self.cpu.append(statistics.mean(cpu for _, cpu in times))

    def found(self) -> dict[str, Any]:
        wall, cpu = statistics.median(self.wall), statistics.median(self.cpu)
        return {
            "median_ms": 1000 * wall,
            "cpu_ms": 1000 * cpu,
            "min_ms": 1000 * self.least,
            "spread": (max(self.wall) - min(self.wall)) / wall,
            "losses": self.losses,
        }


class Player:
    """A contestant in a process of its own, as it would run alone: snnviz settles how the C library keeps memory, and
    the others must not gain by it. It trains only when it is its turn. Raises `Unavailable`."""

    def __init__(self, name: str, net: Net, threads: int) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_play, args=(other, name, net.name, threads), daemon=True)
        self.process.start()
        reason = self.pipe.recv()
        if reason:
            raise Unavailable(reason)

    def visit(self) -> None:
        self.pipe.send(True)
        self.pipe.recv()

    def end(self) -> dict[str, Any]:
        self.pipe.send(False)
        found: dict[str, Any] = self.pipe.recv()
        self.process.join()
        return found


def _play(pipe: Connection, name: str, net: str, threads: int) -> None:
    warnings.filterwarnings("ignore")
    peers.prepare()
    torch.set_num_threads(threads)
    if name in (OURS, FALLBACK, HALF):
        retain_freed_memory()
    try:
        turns = Turns(enter(name, nets.net(net)), threads)
    except Unavailable as reason:
        pipe.send(str(reason))
        return
    pipe.send("")
    while pipe.recv():
        turns.visit()
        pipe.send("")
    pipe.send(turns.found())


def compare(net: Net, threads: int, rounds: int) -> dict[str, Any]:
    """Times of every contestant, as ratios to snnviz, or to snntorch where snnviz does not take part."""
    torch.set_num_threads(threads)
    players, absent = [], {}
    for name in CONTESTANTS:
        _say(f"{net.name}, {threads} threads: {name}")
        try:
            players.append(Player(name, net, threads))
        except Unavailable as reason:
            absent[name] = str(reason)
    rates, load = Rates(threads), os.getloadavg()[0]
    for round_ in range(rounds):
        _say(f"{net.name}, {threads} threads: round {round_ + 1} of {rounds}")
        for player in players[round_ % len(players) :] + players[: round_ % len(players)]:
            player.visit()
        rates.look()
    found = {player.name: player.end() for player in players}
    base = found.get(OURS) or found["snntorch"]
    for row in found.values():
        for key in ("median", "cpu", "min"):
            row[f"{key}_ratio"] = row[f"{key}_ms"] / base[f"{key}_ms"]
        row["share_of_peak"] = net.flops / (row["min_ms"] / 1000) / rates.peak()
    return {
        "net": net.name,
        "about": net.about,
        "parameters": net.parameters,
        "gflop": net.flops / 1e9,
        "threads": threads,
        "load": load,
        "gflop_per_s": {name: rate / 1e9 for name, rate in rates.best.items()},
        "contestants": found,
        "absent": absent,
        "loss_differs_by": _difference(found),
    }


def _difference(found: dict[str, dict[str, Any]]) -> float | None:
    """Between our first loss and snntorch's, relative: on the same weights and images."""
    if not {OURS, "snntorch"} <= found.keys():
        return None
    ours, theirs = (found[name]["losses"][0] for name in (OURS, "snntorch"))
    return float(abs(ours - theirs) / theirs)


def memory(name: str, net: Net) -> int:
    """Bytes that a training step adds to what the process holds before it: meant for a process of its own."""
    if name in (OURS, FALLBACK, HALF):
        retain_freed_memory()
    torch.set_num_threads(1)
    contestant = enter(name, net)
    image, labels = nets.batches(1)[0]
    contestant.train_step(image[:2], labels[:2])  # libraries, compiled kernels and the state of Adam are there
    for parameter in contestant.parameters():
        parameter.grad = None
    return added_memory(lambda: contestant.train_step(image, labels))


def memories(net: Net) -> dict[str, float]:
    """MB by contestant, each in a fresh process; those that do not take part are left out."""
    found = {}
    for name in CONTESTANTS:
        _say(f"{net.name}: memory of {name}")
        command = [sys.executable, "-W", "ignore", __file__, "--memory", name, "--nets", net.name]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        if output:
            found[name] = int(output.splitlines()[-1]) / 1e6
    return found


def machine() -> dict[str, Any]:
    """What the numbers must be read with."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    versions = {}
    for distribution in ("torch", *(distribution for distribution, _ in peers.PEERS.values())):
        try:
            versions[distribution] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            versions[distribution] = "missing"
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "versions": versions}


def times_table(rows: Sequence[dict[str, Any]]) -> str:
    """Median times of a step; in brackets how many times ours, by the wall's clock, processor time and the minima."""
    lines = [
        f"| net | threads | {' | '.join(CONTESTANTS)} | share of peak: ours, snntorch | loss differs by |",
        f"|{'---|' * (len(CONTESTANTS) + 4)}",
    ]
    for row in rows:
        found = row["contestants"]
        cells = [str(row["net"]), str(row["threads"])]
        for name in CONTESTANTS:
            one = found.get(name, {})
            ratios = ", ".join(f"{one[f'{key}_ratio']:.2f}" for key in ("median", "cpu", "min")) if one else ""
            cells.append(f"{one['median_ms']:.0f} ms ({ratios})" if one else "-")
        cells.append(", ".join(f"{found[name]['share_of_peak']:.0%}" if name in found else "-" for name in SHARES))
        cells.append("-" if row["loss_differs_by"] is None else f"{row['loss_differs_by']:.0e}")
        lines.append(f"| {' | '.join(cells)} |")
    missing = {f"{row['net']}: {reason}" for row in rows for reason in row["absent"].values()}
    return "\n".join([*lines, "", *sorted(missing)])


def memory_table(found: dict[str, dict[str, float]]) -> str:
    lines = [f"| net | {' | '.join(f'{name}, MB' for name in CONTESTANTS)} |", f"|{'---|' * (len(CONTESTANTS) + 1)}"]
    for net, row in found.items():
        cells = [f"{row[name]:.0f}" if name in row else "-" for name in CONTESTANTS]
        lines.append(f"| {net} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nets", nargs="+", choices=nets.NETS, default=list(nets.NETS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--quick", action="store_true", help="two rounds, two nets, one thread, no memory")
    parser.add_argument("--no-memory", action="store_true", help="measure times only")
    parser.add_argument("--json", type=Path, help="write the JSON object there too")
    parser.add_argument("--install", action="store_true", help="install the peers, and nothing else")
    parser.add_argument("--memory", choices=CONTESTANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.install:
        peers.install()
        return
    warnings.filterwarnings("ignore")
    peers.prepare()
    if options.memory:
        try:
            print(memory(options.memory, nets.net(options.nets[0])))
        except Unavailable as reason:
            _say(str(reason))
        return
    if options.quick:
        options.nets, options.threads, options.rounds, options.no_memory = ["mlp", "block-5"], [1], 2, True
    found: dict[str, Any] = {"machine": machine(), "rounds": options.rounds, "batch": nets.BATCH}
    found["load_before"] = os.getloadavg()
    chosen = [nets.net(name) for name in options.nets]
    found["memory_mb"] = {} if options.no_memory else {net.name: memories(net) for net in chosen}
    found["rows"] = []
    for threads, net in itertools.product(options.threads, chosen):
        found["rows"].append(compare(net, threads, options.rounds))
        _say(times_table(found["rows"][-1:]))  # so that a long comparison which is cut short has said something
    found["load_after"] = os.getloadavg()
    text = json.dumps(_rounded(found), indent=2)
    print(text)
    print(f"\n{times_table(found['rows'])}")
    if found["memory_mb"]:
        print(f"\n{memory_table(found['memory_mb'])}")
    if options.json:
        options.json.write_text(text + "\n")
    wrong = {row["net"] for row in found["rows"] if (row["loss_differs_by"] or 0) > TOLERANCE}
    if wrong:
        sys.exit(f"snnviz does not compute what snntorch computes: {', '.join(sorted(wrong))}")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main()
