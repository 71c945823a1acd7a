"""The editors of networks on the Design page, in a fragment that other changes do not redraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from snnviz.design.networks import BlockNetwork, CellNetwork, CnnNetwork, MlpNetwork, StagedNetwork, VggNetwork
from snnviz.ui.components.block_editor import block_editor
from snnviz.ui.components.cell_editor import cell_editor
from snnviz.ui.components.flow import flow
from snnviz.ui.design import stages
from snnviz.ui.kit import restrictions, state
from snnviz.views.vggnet import vgg_boxes

VGG = "Below each box: what it hands on, channels × height×width, or neurons. Maps of one point are not pooled."


@restrictions.hideable("editor")
def panel() -> None:
    """Draws the block editor, with the blocks of a staged network (ResNet, DenseNet, MobileNet) above it; for other
    kinds a drawing or a text.
    """
    if isinstance(state.design().network, StagedNetwork):
        with st.container():
            stages.stages_row()
        with st.container():
            _editor()
    else:
        _editor()


@st.fragment(key="editor")
def _editor() -> None:
    network = state.design().network
    EDITORS[type(network)](network)


def _block(network: BlockNetwork) -> None:
    no_back = "" if network.norm == "none" else "not with batch normalisation (Network, below)"
    block_editor(
        network.edges,
        rev=state.editor_revision(),
        key=state.editor_key(),
        on_change=state.put_drawn,
        locked=restrictions.lock_note("network.edges"),
        no_back=no_back,
    )


def _mlp(network: MlpNetwork) -> None:
    st.info(f"{network.depth} fully connected layers of {network.width} neurons, one after the other.")


def _cnn(network: CnnNetwork) -> None:
    pooled = f", halved after every {network.pool_every}" if network.pool_every else ""
    st.info(f"{network.depth} convolution layers of {network.channels} channels, one after the other{pooled}.")


def _vgg(_: VggNetwork) -> None:
    flow(vgg_boxes(state.design()), "The network", VGG, key="vgg-network")


def _cell(network: CellNetwork) -> None:
    cell_editor(
        network.cell,
        rev=state.editor_revision(),
        key=state.editor_key(),
        on_change=state.put_cell,
        locked=restrictions.lock_note("network.cell"),
    )


EDITORS: dict[type, Callable[[Any], None]] = {
    BlockNetwork: _block,
    MlpNetwork: _mlp,
    CnnNetwork: _cnn,
    VggNetwork: _vgg,
    StagedNetwork: stages.block_editor_panel,
    CellNetwork: _cell,
}
"""The function that shows or edits a network, by its class."""
