"""Neuromorphic chips and their limits, each with its public source; `theory.fitting` says which layers do not fit.

A target is a value here and nothing else; a limit of a new sort is a function in `theory.fitting.RULES`. What no public
source says is left out, and named in `unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from snnviz.errors import InputError, did_you_mean


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: `rule` is its name in `theory.fitting.RULES`, `most` the largest number, or all that is allowed."""

    rule: str
    most: int | tuple[int | str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Target:
    """A chip. unknown: what its sources do not tell, in words. notes: what is to be done to any network, in words.

    read: when the sources were last read, as year-month-day.
    """

    name: str
    label: str
    about: str
    limits: tuple[Limit, ...]
    unknown: str
    read: str = "2026-11-30"
    notes: tuple[str, ...] = field(default=())


_LOIHI = "https://open-neuromorphic.org/neuromorphic-computing/hardware/loihi-2-intel/"
_SPINNAKER = "https://github.com/SpiNNakerManchester/SpiNNMachine/files/14848134/SpiNN2datasheet.pdf (version 0.03)"
_SPECK = "https://synsense-sys-int.gitlab.io/samna/models/speckSeries/speck2e.html"
_SINABS = "https://github.com/synsense/sinabs/blob/main/docs/speck/overview.md"
_CORES = "https://github.com/synsense/sinabs/blob/main/docs/speck/faqs/available_network_arch.md"
_XYLO = "https://rockpool.ai/devices/xylo-overview.html"
_XYLO_FAN_IN = "https://open-neuromorphic.org/neuromorphic-computing/hardware/xylo-synsense/"

TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        Target(
            "loihi2",
            "Loihi 2",
            "Intel's research chip: 128 cores of programmable neurons",
            (Limit("neurons", 1_000_000, _LOIHI), Limit("synapses", 120_000_000, _LOIHI)),
            "limits of a core: neurons, axons, delays and bits of a weight",
        ),
        Target(
            "spinnaker2",
            "SpiNNaker 2",
            "152 ARM cores with 128 kB of memory each, programmed in software",
            (Limit("weight-bytes", 152 * 128 * 1024, _SPINNAKER),),
            "neurons of a core, which depend on the program; beside the cores' memory there is DRAM",
        ),
        Target(
            "speck",
            "Speck 2e",
            "SynSense's camera and chip: nine cores of a convolution, neurons and pooling each",
            (
                Limit("layers", 9, _SPECK),
                Limit("neurons", 320_000, _SPECK),
                Limit("input-side", 128, _SPECK),
                Limit("map-side", 64, _SPECK),
                Limit("channels", 1024, _SPECK),
                Limit("kernel", 16, _SPECK),
                Limit("strides", (1, 2, 4, 8), _SPECK),
                Limit("pools", (1, 2, 4), _SPECK),
                Limit("readers", 2, _SPECK),
                Limit("sum-pooling", ("average",), _SINABS),
                Limit("classes", 15, _SPECK),
                Limit("neurons-follow", (), _CORES),
                Limit("spikes-alone", (), _SINABS),
            ),
            "how much memory each of the nine cores has, which is told in a picture alone; how near its leak, a value "
            "taken off at each tick, comes to one that keeps a share",
            notes=("Weights are rounded to 8 bits, potentials to 16.",),
        ),
        Target(
            "xylo",
            "XyloAudio 2",
            "SynSense's chip of 1,000 LIF neurons for sounds",
            (
                Limit("inputs", 16, _XYLO),
                Limit("hidden-neurons", 1000, _XYLO),
                Limit("outputs", 8, _XYLO),
                Limit("fan-in", 63, _XYLO_FAN_IN),
                Limit("fan-out", 64, _XYLO),
                Limit("written-out", 64_000, _XYLO_FAN_IN),
                Limit("resets", ("subtract",), _XYLO),
                Limit("spikes-alone", (), _XYLO),
            ),
            "whether the fan-in counts what the readout reads, to which it is not held here",
            notes=("Weights are rounded to 8 bits; leaks are by shifts of bits.",),
        ),
    )
}


def get_target(name: str) -> Target:
    """Returns a target by its name. Raises `InputError`."""
    if name not in TARGETS:
        raise InputError("target", f"be one of {', '.join(TARGETS)}", name, did_you_mean(name, TARGETS))
    return TARGETS[name]
