"""The network of a run as a NIR graph, which other simulators and neuromorphic hardware read."""

from __future__ import annotations

from pathlib import Path

from snnviz.exports.form import Export, ExportedRun, ProgressCallback
from snnviz.exports.report import Report
from snnviz.graph.architectures import build_architecture


def write(source: ExportedRun, path: Path, progress: ProgressCallback) -> Report:
    """Writes the graph, reads it back, and proves what was read."""
    from threadpoolctl import threadpool_limits

    from snnviz.exports.compute.reference import reference
    from snnviz.exports.nir.building import build_graph
    from snnviz.exports.nir.files import read_graph, write_graph
    from snnviz.exports.nir.proving import prove
    from snnviz.exports.nir.readers import reader_warnings

    design, arrays = source.design, source.checkpoint.arrays
    exported = build_graph(design, build_architecture(design), arrays)
    write_graph(path, exported.graph)
    progress(0.2)
    with threadpool_limits(1):  # small products, for which threads wait for each other where a machine is busy
        single = reference(design, arrays, "float32")
        progress(0.5)
        double = reference(design, arrays, "float64")
        progress(0.7)
        proof = prove(design, exported, read_graph(path), single, double)
    progress(1.0)
    return Report(
        proof, (_profile(exported.profile, exported.reasons), *exported.notes, *reader_warnings(exported.graph))
    )


def _profile(profile: str, reasons: tuple[str, ...]) -> str:
    """Which profile it is, and why it is not portable."""
    if profile == "portable":
        return "The profile is portable: nir.LIF with a reset to 0, dt = 1e-4 s."
    return f"The profile is exact, not portable, as {'; '.join(reasons)}."


EXPORT = Export(
    name="nir",
    label="NIR graph (.nir)",
    help="The network for other simulators and neuromorphic hardware, proven spike by spike; what NIR lacks is named.",
    suffixes=(".nir",),
    trained=True,
    write=write,
)
