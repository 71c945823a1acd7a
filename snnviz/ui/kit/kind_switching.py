"""Changing the kind of a design's data, network, neuron or code (rate, or time to first spike); if one changes back,
the earlier settings of that kind are restored.

The session keeps the replaced settings and drawn blocks.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from snnviz.catalog.examples import get_example
from snnviz.catalog.neurons import model, threshold
from snnviz.design.design import Design
from snnviz.design.links import change
from snnviz.design.menus import NEURONS
from snnviz.design.networks import FORWARD, StagedNetwork
from snnviz.design.parts import AnyNeuron
from snnviz.errors import InputError
from snnviz.graph.nearest import IncompatibleDesign
from snnviz.graph.rewiring import with_block_matrices
from snnviz.graph.ttfs import ttfs_network
from snnviz.graph.twins import ann_twin


def with_dataset(now: Design, name: str) -> Design:
    """Returns the design with this data set, without settings that do not apply to it. Raises `InputError`."""
    document = now.document()
    document["data"] |= {"name": name}
    try:
        return Design.check(document)
    except InputError:
        document["data"] |= {"events": {}, "augment": {**document["data"]["augment"], "drop": 0}}
    try:
        return Design.check(document)
    except InputError:  # spikes made of intensities
        document["data"] |= {"encoding": {"kind": "direct"}}
        return Design.check(document)


def with_network(now: Design, kind: str) -> Design:
    """Returns the design with a network of this kind: as the visitor had it last, else a default that trains within a
    minute.
    """
    parts, document = st.session_state.parts, now.document()
    parts[now.network.kind] = document["network"]
    code = {name: document["network"][name] for name in ("code", "norm")} if now.network.code == "ttfs" else {}
    if kind in parts:
        return Design.check({**document, "network": {**parts[kind], "code": "rate", **code}})
    settings = {"network.kind": kind, **{f"network.{name}": value for name, value in code.items()}}
    if kind == "cell" and not NEURONS[now.neuron.kind].states:
        settings["network.cell"] = FORWARD  # the usual one has backward connections
    elif kind == "vgg":
        small_one = get_example("vgg-digits").network.model_dump(mode="json")
        return Design.check({**document, "network": small_one})
    changed = change(now, settings)
    return with_size(changed, first_staged_network(kind)) if changed.network.matrix_per_block else changed


def first_staged_network(kind: str) -> StagedNetwork:
    """Returns a staged network (ResNet, DenseNet, MobileNet) that trains within a minute, as in the example of its
    kind.
    """
    network = get_example(f"{kind}-digits").network
    assert isinstance(network, StagedNetwork)
    return network


def with_size(current: Design, like: StagedNetwork) -> Design:
    """Returns a staged design with the depth and width of `like`; drawn blocks that no longer fit become the
    original.
    """
    return change(with_depth(current, like.depth), {"network.width": like.width})


def with_depth(current: Design, depth: float) -> Design:
    """Returns a staged design at another depth; blocks that no longer fit are as last drawn at that depth, or the
    original.
    """
    network, left = current.network, st.session_state.left
    changed = change(current, {"network.depth": depth, "network.blocks": ""})
    if changed.network == network or not isinstance(network, StagedNetwork):
        return current
    assert isinstance(changed.network, StagedNetwork)
    left[network.kind, network.depth] = network.matrices
    fresh = changed.network.originals
    found = list(left.get((network.kind, changed.network.depth), fresh))
    lost = []
    for place, (edges, original) in enumerate(zip(network.matrices, network.originals, strict=True)):
        if len(edges) == len(fresh[place]):
            found[place] = edges
        elif edges != original:
            lost.append(str(place + 1))
    if lost:
        what = f"block {lost[0]}" if len(lost) == 1 else f"blocks {', '.join(lost[:-1])} and {lost[-1]}"
        sentence = f"What was drawn in {what} does not fit the new number of layers."
        st.toast(f"{sentence} It comes back at depth {network.depth:g}.", icon=":material/info:")
    return with_block_matrices(changed, tuple(found))


def with_neurons(now: Design, kind: str) -> Design:
    """Returns the design with neurons of this kind: as the visitor had them last, else with the same numbers; for ReLUs
    its ANN twin (the same network with ReLUs).

    Coming from ReLUs, time steps and loss are restored. An initialisation that does not suit the neurons is replaced.
    """
    parts, document = st.session_state.parts, now.document()
    if kind == now.neuron.kind:
        return now
    timed, entry = bool(NEURONS[now.neuron.kind].states), NEURONS[kind]
    parts[f"neurons {now.neuron.kind}"] = document["neuron"]
    if now.network.code == "ttfs":
        document = with_code(now, "rate").document()
        if document["neuron"]["kind"] == kind:
            return Design.check(document)
    if timed and not entry.states:
        parts["lif"] = document
    if kind == "relu":
        return ann_twin(now)
    same = AnyNeuron.class_for({"kind": kind}).model_fields.keys() - {"learn"}
    shared = {name: value for name, value in document["neuron"].items() if name in same}
    neuron: dict[str, Any] = parts.get(f"neurons {kind}", {**shared, "kind": kind})
    if not timed and entry.states:
        before = parts.get("lif", Design().document())
        for part, field in (("data", "steps"), ("data", "encoding"), ("training", "loss")):
            document[part][field] = before[part][field]
        document["init"] = before["init"]
        neuron = before["neuron"] if before["neuron"]["kind"] == kind else neuron
    try:
        return Design.check({**document, "neuron": neuron})
    except IncompatibleDesign as error:
        return error.nearest.design


def with_code(now: Design, code: str) -> Design:
    """Returns the TTFS (time-to-first-spike) network that computes the same as the design's ReLU network; or the design
    as it was before.
    """
    parts, document = st.session_state.parts, now.document()
    if code == now.network.code:
        return now
    if code == "ttfs":
        changed = ttfs_network(now)
        parts["rate"] = document
        return changed
    before = parts.get("rate", Design().document())
    same = before["network"]["kind"] == document["network"]["kind"]
    document["network"] |= {"code": "rate", **({"norm": before["network"]["norm"]} if same else {})}
    document["data"] |= {name: before["data"][name] for name in ("steps", "encoding")}
    document["training"] |= {name: before["training"][name] for name in ("loss", "precision", "shortcut")}
    return Design.check({**document, "neuron": before["neuron"], "init": before["init"], "ttfs": {}})


def trained_like_example(design: Design) -> Design:
    """Returns a staged network's design with neuron, time steps and training as in its example."""
    like = get_example(f"{design.network.kind}-digits")
    theta = threshold(like.neuron)
    settings: dict[str, Any] = {} if threshold(design.neuron) is None else {"neuron.threshold": theta}
    settings |= {f"training.{name}": getattr(like.training, name) for name in ("learning_rate", "epochs")}
    if model(design.neuron).states:
        settings["data.steps"] = like.data.steps
    return change(design, settings)
