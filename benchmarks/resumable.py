"""Jobs of a benchmark in several processes, which can be interrupted: each one that is done is a line of a file."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from snnviz.places import cache_dir

EVERY = 20
"""After how many jobs the time that is left is printed."""

Job = TypeVar("Job")


def make_parser(description: str | None, processes: int) -> argparse.ArgumentParser:
    """Returns a parser with --minutes, --processes (as many as given by default) and --work."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after so many; 0: when all is done")
    parser.add_argument("--processes", type=int, default=processes)
    parser.add_argument("--work", type=Path, default=None, help="the folder of what is done; else one in the cache")
    return parser


def rows_file(work: Path | None, name: str) -> Path:
    """Returns the file of what is done, in the folder `work`, or in a folder `name` in the cache."""
    folder = work or cache_dir() / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "rows.jsonl"


def read_rows(file: Path) -> Iterator[dict[str, Any]]:
    """Yields what is done; half a line of a killed process is left out."""
    for line in file.read_text().splitlines() if file.exists() else []:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def run_jobs(
    run: Callable[[Job], dict[str, Any]], jobs: Sequence[Job], file: Path, *, processes: int, minutes: float = 0.0
) -> None:
    """Appends the row of each job to the file, in the order of `jobs`, until all are done or `minutes` are over.

    run: a function of a module, which each process imports. minutes: 0 is no limit. Ctrl-C ends it, too.
    """
    begun, limit = time.monotonic(), 60 * minutes or float("inf")
    try:
        with multiprocessing.get_context("spawn").Pool(processes, _one_thread) as pool, file.open("a") as out:
            for count, row in enumerate(pool.imap(run, jobs), 1):
                out.write(json.dumps(row) + "\n")
                out.flush()
                os.fsync(out.fileno())
                passed = time.monotonic() - begun
                if count % EVERY == 0 or count == len(jobs):
                    left = passed / count * (len(jobs) - count) / 60
                    print(f"{count} of {len(jobs)}, about {left:.0f} min left", flush=True)
                if passed > limit:
                    print("the minutes are over: the same command goes on")
                    pool.terminate()
                    return
    except KeyboardInterrupt:
        print("stopped: the same command goes on")


def _one_thread() -> None:
    """In each process: one thread, as an ordinary run has."""
    import torch

    torch.set_num_threads(1)
