"""Trains every matrix of a small block: the atlas that comes with snnviz (`snnviz.graph.atlas`).

    .venv/bin/python -m benchmarks.atlas [--layers 3 4] [--seeds 5] [--processes 2] [--minutes 0] [--to DIR]

Resumable: each network that is done is a line in the folder of work, and is not trained again; seed by seed, so that
what is there is of whole seeds. At the end, or after so many minutes, or by Ctrl-C, the files are written from all that
is done, and what the block without skips reached is printed, and what each skip does. Everything is trained on one
thread, as an ordinary run of its design is, bit for bit.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.resumable import make_parser, read_rows, rows_file, run_jobs
from snnviz.design.adjacency import DSC
from snnviz.graph.atlas import DEPTHS, SEEDS, atlas_design, matrix_count, matrix_from_number
from snnviz.jobs import machine
from snnviz.store.shipped import FOLDER
from snnviz.theory.atlas import COLUMNS, Atlas, AtlasInfo, file_name, read_atlas, write_atlas
from snnviz.theory.intervals import confidence_interval
from snnviz.theory.metrics import METRICS, Outcome
from snnviz.views import atlas as views

Job = tuple[int, int, int]
"""Layers, number of the matrix, seed."""


def setting_digest(depth: int) -> str:
    """Returns what changes where the same matrix would be trained otherwise: the digest of the first design."""
    return atlas_design(depth, 0, 0).digest


def train(job: Job) -> dict[str, Any]:
    """Trains one network, and returns its row."""
    from snnviz.core.execute import execute

    design, begun, rows = atlas_design(*job), time.perf_counter(), []
    for event in execute(design):
        rows.append(event)
    kinds = {kind: [row for row in rows if type(row) is kind] for kind in METRICS.row_types}
    reached = METRICS.read(Outcome(design, kinds, 0.0))
    seconds = time.perf_counter() - begun
    return {
        "layers": job[0],
        "matrix": job[1],
        "seed": job[2],
        **{name: reached.get(name) for name in COLUMNS},
        "seconds": round(seconds, 2),
        "setting": setting_digest(job[0]),
        "machine": machine.description(),
    }


def done_rows(file: Path) -> Iterator[dict[str, Any]]:
    """Yields the networks that are done, of the settings of today."""
    for row in read_rows(file):
        if row["setting"] == setting_digest(row["layers"]):
            yield row


def others(depth: int) -> dict[str, list[int]]:
    """Returns the numbers of matrices with skips: all of them, and those of additions alone, which have no more weights
    than the block without skips."""
    every = range(1, matrix_count(depth))
    adding = [number for number in every if DSC not in chain(*matrix_from_number(depth, number))]
    return {"all with skips": [*every], "those that only add (no more weights)": adding}


def anywhere(atlas: Atlas) -> int:
    """Returns how many matrices may have any rank, by the images held out."""
    ranges = [atlas.rank_range(number) for number in range(matrix_count(atlas.depth))]
    return sum(one is not None and (one.best, one.worst) == (1, one.count) for one in ranges)


def less_sequential(atlas: Atlas, numbers: list[int]) -> str:
    """Returns the mean over seeds, with its 95 % interval."""
    accuracy = 100 * atlas.values["accuracy"][:, atlas.seeds]
    found = confidence_interval([*(accuracy[numbers].mean(0) - accuracy[0])])
    return f"{found.mean:+.1f} ({found.low:.1f} to {found.high:.1f}; {len(numbers)} matrices)"


def main() -> None:
    parser = make_parser(__doc__, machine.available_cores())
    parser.add_argument("--layers", type=int, nargs="+", choices=DEPTHS, default=list(DEPTHS))
    parser.add_argument("--seeds", type=int, choices=range(1, len(SEEDS) + 1), default=len(SEEDS))
    parser.add_argument("--to", type=Path, default=FOLDER)
    options = parser.parse_args()
    file = rows_file(options.work, "atlas-work")
    known = {(row["layers"], row["matrix"], row["seed"]) for row in done_rows(file)}
    jobs = [
        (depth, number, seed)
        for depth in options.layers
        for seed in range(options.seeds)
        for number in range(matrix_count(depth))
        if (depth, number, seed) not in known
    ]
    print(f"{len(known)} networks are done, {len(jobs)} to go on {options.processes} processes", flush=True)
    run_jobs(train, jobs, file, processes=options.processes, minutes=options.minutes)
    options.to.mkdir(parents=True, exist_ok=True)
    rows = [*done_rows(file)]
    for depth in options.layers:
        of = [row for row in rows if row["layers"] == depth]
        if not of:
            continue
        machines = tuple(dict.fromkeys(row["machine"] for row in of))
        made = time.strftime("%Y-%m-%d", time.gmtime(file.stat().st_mtime))
        seconds = sum(row["seconds"] for row in of)
        write_atlas(options.to / file_name(depth), AtlasInfo(setting_digest(depth), machines, made, seconds), of)
        whole = matrix_count(depth) * len(SEEDS)
        path = options.to / file_name(depth)
        each = statistics.quantiles((row["seconds"] for row in of), n=10)
        print(f"{depth} layers: {len(of)} of {whole} networks, {seconds:.0f} s of training: {path}")
        print(f"  {each[4]:.1f} s a network (median), {each[0]:.1f} of the fastest tenth, {each[8]:.1f} of the slowest")
        found = read_atlas(path, depth)
        print(f"Without skips: {views.sentence(found, 0)}\n{views.effects_table(found).to_string(index=False)}")
        print(f"{anywhere(found)} of {matrix_count(depth)} matrices may have any place among all.")
        print("The mean of others less the block without skips, points of test accuracy, paired by seed:")
        for name, of in others(depth).items():
            print(f"  {name}: {less_sequential(found, of)}")


if __name__ == "__main__":
    main()
