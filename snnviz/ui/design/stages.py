"""The blocks of a staged network on the Design page: all blocks as a row of cards, and actions on the open one.

A fragment of its own: a drawn skip redraws it, but not the editor.
"""

from __future__ import annotations

from functools import partial

import streamlit as st

from snnviz.design import adjacency
from snnviz.design.design import Design
from snnviz.design.networks import StagedNetwork
from snnviz.ui.components.block_editor import PRESETS, block_editor
from snnviz.ui.components.stages import Card, clicked, stages
from snnviz.ui.kit import restrictions, state
from snnviz.ui.kit.fragments import rerun_fragments
from snnviz.ui.kit.kind_switching import first_staged_network
from snnviz.ui.kit.store_errors import show_store_errors
from snnviz.ui.kit.words import escape_markdown
from snnviz.views.stages import Stage, block_text, blocks_of_same_size, skips_in_words
from snnviz.views.stages import stages as stages_of
from snnviz.views.words import layer_label

ROW = "stages"
BLOCKS = "network.blocks"
"""Path of the field that holds the matrices."""

NO_BACK = "only in a block drawn by hand (kind block)"


@st.fragment(key="stages")
@show_store_errors()
def stages_row() -> None:
    """Draws every section of the staged network (ResNet, DenseNet, MobileNet) as a card; below the cards the open
    block, and actions on its matrix.
    """
    design = state.design()
    network = design.network
    if not isinstance(network, StagedNetwork):
        return
    stages([_card(stage) for stage in stages_of(design)], opened=state.opened_block(), key=ROW, on_open=_open)
    _actions(design, network, state.opened_block())


def block_editor_panel(network: StagedNetwork) -> None:
    """Draws the editor of the open block."""
    number = state.opened_block()
    edges, original = network.matrices[number - 1], network.originals[number - 1]
    layers = len(edges) - 2
    presets = {"original": (f"as in {network.kind}", original)}
    presets |= {name: (hint, make(layers + 1)) for name, (hint, make) in PRESETS.items()}
    block_editor(
        edges,
        rev=state.editor_revision(),
        key=state.editor_key(number),
        on_change=partial(state.put_drawn, number),
        locked=restrictions.lock_note(BLOCKS),
        no_back=NO_BACK,
        fixed=True,
        labels=["in", *(f"L{layer}" for layer in range(1, layers + 1)), "out"],
        presets=presets,
    )


def size_buttons(network: StagedNetwork) -> None:
    """Draws buttons for the network's size, below the form's fields."""
    example = first_staged_network(network.kind)
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Small size",
            key="small-size",
            icon=":material/bolt:",
            on_click=state.resize,
            args=(example,),
            disabled=(network.width, network.depth) == (example.width, example.depth),
            help=f"Width {example.width:g} and depth {example.depth:g}: trains on digits in about a minute.",
        )
        st.button(
            "Full size",
            key="full-size",
            icon=":material/open_in_full:",
            on_click=state.resize,
            args=(StagedNetwork(kind=network.kind),),
            disabled=network.width == network.depth == 1,
            help="Width and depth of the original.",
        )
        st.button(
            "Neuron and training of the example",
            key="like-example",
            icon=":material/school:",
            on_click=state.train_like_example,
            help=f"Those of {network.kind}-digits, with which the README's number of it was measured.",
        )


def _card(stage: Stage) -> Card:
    channels, side, _ = stage.shape
    if not stage.edges:
        size = f"{channels} classes" if stage.name == "readout" else f"{channels} ch · {side}×{side}"
        name, _, role = layer_label(stage.name).partition(" ")
        return Card(name, (size,), stage.share, role=role)
    layers = "1 layer" if stage.layers == 1 else f"{stage.layers} layers"
    lines = (skips_in_words(stage), layers, f"{channels} ch · {side}×{side}")
    return Card(stage.name, lines, stage.share, adjacency.to_compact_text(stage.edges), stage.changed)


def _open() -> None:
    network = state.design().network
    if not isinstance(network, StagedNetwork):
        return
    number = clicked(ROW, len(network.originals))
    if number is not None and number != state.opened_block():
        state.open_block(number)
        rerun_fragments("editor", "stages")  # words about a block never stand above the editor of another


def _actions(design: Design, network: StagedNetwork, number: int) -> None:
    words, buttons = st.columns([3, 2], vertical_alignment="center")
    words.caption(f"**Block {number}** · {escape_markdown(block_text(design, number))}")
    locked = restrictions.is_locked(BLOCKS)
    with buttons.container(horizontal=True, horizontal_alignment="right", gap="small"):
        others = blocks_of_same_size(network, number)
        if others:
            st.button(
                f"Copy to block{'s' if len(others) > 1 else ''} {', '.join(map(str, others))}",
                key="copy-block",
                icon=":material/content_copy:",
                on_click=_copy,
                disabled=locked or all(network.matrices[n - 1] == network.matrices[number - 1] for n in others),
                help="Gives this block's matrix to all other blocks with as many layers.",
            )
        st.button(
            "All blocks as the original",
            key="original-blocks",
            icon=":material/restart_alt:",
            on_click=_restore,
            disabled=locked or not network.blocks,
            help="For this block alone: Presets, original. Undo in a block's editor brings its matrix back.",
        )


def _copy() -> None:
    network, number = state.design().network, state.opened_block()
    if isinstance(network, StagedNetwork):
        edges = list(network.matrices)
        for other in blocks_of_same_size(network, number):
            edges[other - 1] = edges[number - 1]
        _rewire(tuple(edges))


def _restore() -> None:
    network = state.design().network
    if isinstance(network, StagedNetwork):
        _rewire(network.originals)


def _rewire(edges: tuple[adjacency.Edges, ...]) -> None:
    state.rewire(edges)
    st.rerun()
