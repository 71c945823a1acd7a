"""How many events fall on a pixel in a frame: the `Counts` that a card states of recordings, measured.

    python benchmarks/counts.py mnist-saccades [--samples 1000]

Prints the constants for `snnviz/data/saccades.py`. The first training recordings are taken.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from snnviz.data.frames import events_to_frames
from snnviz.data.samples import list_recordings

STEPS = (1, 2, 3, 5, 10, 20, 50, 100)
PARTS = 30


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("name")
    given.add_argument("--samples", type=int, default=1000)
    asked = given.parse_args()
    part = list_recordings(asked.name)[0]
    chosen = list(range(min(asked.samples, len(part))))
    events = [found for start in range(0, len(chosen), 100) for found in part.read(chosen[start : start + 100])]
    print("Counts(\n    steps=(1, 2, 3, 5, 10, 20, 50, 100),\n    shares=(")
    alike = []
    for steps in STEPS:
        levels, products = np.zeros(256, np.int64), np.zeros((steps, steps))
        total, pixels = 0.0, 0
        for found in events:
            counts = events_to_frames(found, steps, part.sensor)
            levels += np.bincount(counts.ravel(), minlength=256)
            flat = counts.reshape(steps, -1).astype(np.float64)
            products += flat @ flat.T
            total, pixels = total + flat.sum(1), pixels + flat.shape[1]
        mean, sums = float(levels @ np.arange(256)) / levels.sum(), np.asarray(total)
        centred = products / pixels - mean * (sums[:, None] + sums[None]) / pixels + mean**2
        scale = np.sqrt(np.outer(centred.diagonal(), centred.diagonal()))
        off = ~np.eye(steps, dtype=bool)
        alike.append(max(float((centred / scale)[off].mean()), 0) if steps > 1 else 1.0)
        shares = np.round(1e5 * levels / levels.sum()).astype(int)
        print(f'        shares("{" ".join(map(str, shares[: np.flatnonzero(shares).max() + 1]))}"),')
    squares, sums, pixels = np.zeros(PARTS), np.zeros(PARTS), 0
    for found in events:
        flat = events_to_frames(found, PARTS, part.sensor).reshape(PARTS, -1).astype(np.float64)
        squares, sums, pixels = squares + (flat**2).sum(1), sums + flat.sum(1), pixels + flat.shape[1]
    mean = sums.sum() / (PARTS * pixels)
    deviation = squares / pixels - 2 * mean * sums / pixels + mean**2
    course = deviation / deviation.mean()
    print("    ),\n    alike=(" + ", ".join(f"{value:.3f}" for value in alike) + "),")
    print("    course=(" + ", ".join(f"{value:.2f}" for value in course) + "),\n)")


if __name__ == "__main__":
    main()
