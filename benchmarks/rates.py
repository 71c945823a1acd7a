"""What a training step is compared with: this machine's best rate of multiply-adds, and its memory before the step."""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE = 1024


def clock(threads: int) -> Callable[[], float]:
    """Seconds: of one thread its processor time, which other programs hardly change; of several the wall's."""
    return time.thread_time if threads == 1 else time.perf_counter


class Rates:
    """The best float32 rates in FLOP/s seen so far, of the fast ways to multiply on a processor."""

    def __init__(self, threads: int) -> None:
        self.clock = clock(threads)
        a, b = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
        maps = torch.randn(16, 64, 28, 28).contiguous(memory_format=torch.channels_last)
        kernel = torch.randn(64, 64, 3, 3).contiguous(memory_format=torch.channels_last)
        product, convolution = 2 * SIDE**3, 2 * 16 * 28 * 28 * 64 * 64 * 9
        self.ways: dict[str, tuple[int, Callable[[], Tensor]]] = {
            "mm": (product, lambda: torch.mm(a, b)),
            "onednn_linear": (product, lambda: torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], "")),
            "conv_channels_last": (convolution, lambda: F.conv2d(maps, kernel, padding=1)),
        }
        self.best = dict.fromkeys(self.ways, 0.0)
        self.look()

    def look(self) -> None:
        """Times each way a few times more."""
        for name, (flops, call) in list(self.ways.items()):
            try:
                with torch.no_grad():
                    for _ in range(6):
                        begin = self.clock()
                        call()
                        self.best[name] = max(self.best[name], flops / (self.clock() - begin))
            except (AttributeError, RuntimeError):  # not in this build of torch
                del self.ways[name]

    def peak(self) -> float:
        return max(self.best.values())


def added_memory(step: Callable[[], object]) -> int:
    """Bytes by which the process grows at most while `step` runs, over what it holds before."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)  # else what was freed before counts as held
    Path("/proc/self/clear_refs").write_text("5")  # sets the highest mark back
    held = _status("VmRSS")
    step()
    return _status("VmHWM") - held


def _status(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)
