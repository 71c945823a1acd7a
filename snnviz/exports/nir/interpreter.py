"""Computes a NIR graph in numpy, one time step after another, for many samples at once.

The convention is `graph.CONVENTION`. Constants are computed in float64 and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from snnviz.errors import InputError, Unquoted
from snnviz.exports.nir.graph import DT, SPIKING, Array, Graph, Node


@dataclass(frozen=True, slots=True)
class Computation:
    """What a graph computed: `output` (T, B, ...), and by name of recorded nodes their `node_outputs` and, of neurons,
    their potentials before reset, (T, B, ...). Of a Threshold the potential is what reached it.
    """

    output: Array
    node_outputs: dict[str, Array] = field(default_factory=dict)
    potentials: dict[str, Array] = field(default_factory=dict)


TrueOutputs = Mapping[str, Array]
"""By node: what other layers are given of it, (T, B, ...), whatever its own output."""


def compute(
    graph: Graph,
    inputs: Array,
    *,
    dtype: Any = np.float64,
    dt: float = DT,
    recorded: Collection[str] = (),
    true_outputs: TrueOutputs | None = None,
) -> Computation:
    """Returns what the graph says to `inputs`, (T, B, ...), in `dtype`.

    `true_outputs`: nodes of other layers are given these instead of the node's own output, those of its own layer are
    not, so that each layer is computed for itself, with its true input. Raises `InputError` for what is not known here.
    """
    order, late = graph.execution_order()
    names = [name for name in order if graph.nodes[name].kind != "Delay"]
    for a, b in late:
        if graph.nodes[b].kind not in _ELEMENTWISE:
            raise InputError(
                f"the loop at {b}", "have a Delay, or be closed at neurons", Unquoted(f"one closed from {a}")
            )
    steps = {name: _make(name, graph.nodes[name], dt, dtype) for name in names}
    delays = {
        name: _Delay(name, graph.nodes[name], dt, dtype, inputs.shape[1]) for name in graph.nodes_of_kind("Delay")
    }
    outputs: dict[str, Any] = {}
    output: list[Array] = []
    kept: dict[str, list[Array]] = {name: [] for name in recorded}
    potentials: dict[str, list[Array]] = {name: [] for name in recorded if graph.nodes[name].kind in SPIKING}
    replaced = true_outputs or {}
    end = _only(graph, "Output")
    inputs = inputs.astype(dtype, copy=False)
    for t, now in enumerate(inputs):
        before, outputs = outputs, {name: delay.oldest() for name, delay in delays.items()}

        def read(name: str, t: int = t, before: dict[str, Any] = before, outputs: dict[str, Any] = outputs) -> Any:
            total: Any = None
            for source in graph.predecessors[name]:
                if source in replaced and graph.nodes[source].layer != graph.nodes[name].layer:
                    value = replaced[source][t]
                else:
                    value = before.get(source, 0.0) if (source, name) in late else outputs[source]
                total = value if total is None else total + value
            return 0.0 if total is None else total

        for name in names:
            step = steps[name]
            outputs[name] = step(now if graph.nodes[name].kind == "Input" else read(name))
            if name in potentials:
                potentials[name].append(step.u if isinstance(step, _Neurons) else read(name))
            if name in kept:
                kept[name].append(outputs[name])
        for name, delay in delays.items():
            delay.push(read(name))
        output.append(outputs[end])
    return Computation(
        np.stack(output),
        {name: np.stack(each) for name, each in kept.items()},
        {name: np.stack(each) for name, each in potentials.items()},
    )


def _only(graph: Graph, kind: str) -> str:
    found = graph.nodes_of_kind(kind)
    if len(found) != 1:
        raise InputError("graph", f"have one {kind} node", Unquoted(f"{len(found)} of them"))
    return found[0]


Step = Callable[[Any], Any]


class _Neurons:
    """Neurons that leak or not, spike or not: keep and gain for I, LI, IF and LIF."""

    def __init__(self, node: Node, dt: float, dtype: Any) -> None:
        share = _share(node, "tau", dt)
        self.keep, self.gain = (1 - share).astype(dtype), _gain(node, share, dt).astype(dtype)
        leaks = "v_leak" in node.fields
        self.rest = (share * _float64(node["v_leak"])).astype(dtype) if leaks else np.zeros((), dtype)
        self.v: Any = np.zeros((), dtype)
        self.u: Any = self.v
        self.threshold = _float64(node["v_threshold"]).astype(dtype) if "v_threshold" in node.fields else None
        self.reset = _float64(node["v_reset"]).astype(dtype) if "v_reset" in node.fields else np.zeros((), dtype)
        self.dtype = dtype

    def __call__(self, x: Any) -> Any:
        self.u = self.keep * self.v + self.gain * x + self.rest
        if self.threshold is None:
            self.v = self.u
            return self.u
        spiked = self.u > self.threshold
        self.v = np.where(spiked, self.reset, self.u)
        return spiked.astype(self.dtype)


class _Synaptic(_Neurons):
    """CubaLI and CubaLIF: the current decays, and the potential takes the new one."""

    def __init__(self, node: Node, dt: float, dtype: Any) -> None:
        super().__init__(
            Node(node.kind, {**{k: v for k, v in node.fields.items() if k != "tau_mem"}, "tau": node["tau_mem"]}),
            dt,
            dtype,
        )
        share = _share(node, "tau_syn", dt)
        self.fade, self.into = (1 - share).astype(dtype), (share * _float64(node["w_in"])).astype(dtype)
        self.i: Any = np.zeros((), dtype)

    def __call__(self, x: Any) -> Any:
        self.i = self.fade * self.i + self.into * x
        return super().__call__(self.i)


def _share(node: Node, tau: str, dt: float) -> Array:
    """dt / tau, the share of the potential that a step loses; 0 without tau."""
    return dt / _float64(node[tau]) if tau in node.fields else np.zeros(())


def _gain(node: Node, share: Array, dt: float) -> Array:
    """What a step makes of a current of 1."""
    return (share if "tau" in node.fields else dt) * _float64(node["r"])


class _Delay:
    """A queue: what it was given `steps` ago, 0 before."""

    def __init__(self, name: str, node: Node, dt: float, dtype: Any, samples: int) -> None:
        steps = np.unique(np.rint(_float64(node["delay"]) / dt))
        if len(steps) != 1 or not 1 <= steps[0] <= 1000:
            rule = f"be from 1 to 1,000 steps of {dt:g} s, the same for all its elements"
            raise InputError(f"the delay of {name}", rule, Unquoted("another"))
        self._values: list[Any] = [np.zeros((samples, *np.shape(node["delay"])), dtype)] * int(steps[0])

    def oldest(self) -> Any:
        return self._values[0]

    def push(self, x: Any) -> None:
        self._values = [*self._values[1:], x]


def _make(name: str, node: Node, dt: float, dtype: Any) -> Step | _Neurons:
    if node.kind not in _STEPS:
        rule = f"be of a kind that can be computed here ({', '.join(_STEPS)}, Delay)"
        raise InputError(f"the node {name}", rule, node.kind)
    return _STEPS[node.kind](node, dt, dtype)


def _float64(value: Any) -> Array:
    return np.asarray(value, np.float64)


def _as_it_is(_: Node, __: float, ___: Any) -> Step:
    return lambda x: x


def _linear(node: Node, _: float, dtype: Any) -> Step:
    weight = node["weight"].astype(dtype).T
    bias = node["bias"].astype(dtype) if "bias" in node.fields else dtype(0)
    return lambda x: x @ weight + bias


def _scale(node: Node, _: float, dtype: Any) -> Step:
    scale = node["scale"].astype(dtype)
    return lambda x: x * scale


def _threshold(node: Node, _: float, dtype: Any) -> Step:
    threshold = node["threshold"].astype(dtype)
    return lambda x: (x > threshold).astype(dtype)


def _flatten(node: Node, _: float, __: Any) -> Step:
    start, end = int(node["start_dim"]), int(node["end_dim"])

    def flat(x: Array) -> Array:
        shape, last = x.shape[1:], end if end >= 0 else x.ndim - 1 + end
        return x.reshape(len(x), *shape[:start], -1, *shape[last + 1 :])

    return flat


def _windows(x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any = 1) -> Array:
    """(B, C, H, W) to (B, C, H', W', kernel, kernel)."""
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = (np.broadcast_to(v, 2) for v in (kernel, stride, padding, dilation))
    if ph or pw:
        x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    seen = sliding_window_view(x, ((kh - 1) * dh + 1, (kw - 1) * dw + 1), axis=(2, 3))
    return seen[:, :, ::sh, ::sw, ::dh, ::dw]


def numeric_padding(node: Node) -> Any:
    """The padding of a convolution as numbers: "same" is half the kernel."""
    padding = node["padding"]
    if not isinstance(padding, str):
        return padding
    kernel = np.array(node["weight"].shape[2:])
    return 0 * kernel if padding == "valid" else np.broadcast_to(node["dilation"], 2) * (kernel - 1) // 2


def _conv(node: Node, _: float, dtype: Any) -> Step:
    weight, groups, padding = node["weight"].astype(dtype), int(node["groups"]), numeric_padding(node)
    parts, bias = np.split(weight, groups), node["bias"].astype(dtype)[:, None, None]

    def conv(x: Array) -> Array:
        seen = _windows(x, weight.shape[2:], node["stride"], padding, node["dilation"])
        found = [
            np.tensordot(some, part, axes=([1, 4, 5], [1, 2, 3]))
            for some, part in zip(np.split(seen, groups, axis=1), parts, strict=True)
        ]
        whole: Array = np.moveaxis(np.concatenate(found, -1) if groups > 1 else found[0], -1, 1) + bias
        return whole

    return conv


def _pool(node: Node, _: float, __: Any) -> Step:
    size = np.prod(np.broadcast_to(node["kernel_size"], 2)) if node.kind == "AvgPool2d" else 1

    def pool(x: Array) -> Array:
        total: Array = _windows(x, node["kernel_size"], node["stride"], node["padding"]).sum((4, 5))
        return total / total.dtype.type(size) if size > 1 else total

    return pool


_ELEMENTWISE = ("I", "LI", "IF", "LIF", "CubaLI", "CubaLIF", "Scale", "Threshold", "Delay", "Output")
"""Kinds that take a 0 for what no node has computed yet."""

_STEPS: dict[str, Callable[[Node, float, Any], Step | _Neurons]] = {
    "Input": _as_it_is,
    "Output": _as_it_is,
    "Affine": _linear,
    "Linear": _linear,
    "Conv2d": _conv,
    "SumPool2d": _pool,
    "AvgPool2d": _pool,
    "Flatten": _flatten,
    "Scale": _scale,
    "Threshold": _threshold,
    "I": _Neurons,
    "LI": _Neurons,
    "IF": _Neurons,
    "LIF": _Neurons,
    "CubaLI": _Synaptic,
    "CubaLIF": _Synaptic,
}
