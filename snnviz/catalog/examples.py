"""Example designs by name: starting points, and the designs of the numbers in the documentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snnviz.design import cells
from snnviz.design.adjacency import densenet_like, sequential
from snnviz.design.design import Design
from snnviz.design.menus import Choice
from snnviz.design.networks import BlockNetwork, CellNetwork, CnnNetwork, MlpNetwork, StagedNetwork, VggNetwork
from snnviz.design.parts import Data, Neuron, Training, Ttfs
from snnviz.design.registry import kind_of
from snnviz.errors import NotFound, did_you_mean

EXAMPLES: dict[str, Callable[[], Design]] = {}


def register_example(function: Callable[[], Design]) -> Callable[[], Design]:
    """Decorator: registers a function that returns a design as an example, named after the function with dashes."""
    EXAMPLES[kind_of(function)] = function
    return function


def get_example(name: str) -> Design:
    """Returns the example design called `name`. Raises `NotFound`."""
    try:
        return EXAMPLES[name]()
    except KeyError:
        known = ", ".join(EXAMPLES)
        raise NotFound(f"design must be one of {known}, got {name[:60]!r}{did_you_mean(name, EXAMPLES)}") from None


@register_example
def digits() -> Design:
    """The default: a block of 4 convolution layers with two ASC skips, on 8x8 digits. Trains in seconds."""
    return Design()


@register_example
def digits_sequential() -> Design:
    """The default block of `digits` without skips, as a baseline. Trains in seconds."""
    return Design(network=BlockNetwork(edges=sequential(4)))


@register_example
def digits_dense() -> Design:
    """The default block of `digits` with every skip a concatenation (DSC). Trains in seconds."""
    return Design(network=BlockNetwork(edges=densenet_like(4)))


@register_example
def digits_mlp() -> Design:
    """A fully connected network of ten hidden layers on digits, where initialisation decides whether spikes reach the
    output.
    """
    return Design(network=MlpNetwork(depth=10, width=300), data=Data(steps=3), training=Training(epochs=12))


@register_example
def activity() -> Design:
    """A deep network on digits as in Micheli et al. 2024: ten layers, trainable with two of the eight initialisations
    there.
    """
    return Design(
        data=Data(encoding=Choice({"kind": "lif"}), steps=3),
        network=MlpNetwork(depth=10, width=300),
        neuron=Neuron(threshold=1.0, beta=0.5, reset="subtract"),
        training=Training(learning_rate=0.001, loss=Choice({"kind": "count"}), epochs=12),
    )


@register_example
def fashion_cnn() -> Design:
    """Convolutions on 20,000 training images of Fashion-MNIST, tested on all 10,000 test images. Trains in minutes."""
    return Design(
        data=Data(name="fashion-mnist", train_samples=20_000, steps=3),
        network=CnnNetwork(depth=4, channels=16, pool_every=1),
        neuron=Neuron(threshold=0.5),
        training=Training(epochs=6, learning_rate=0.004),
    )


@register_example
def vgg_digits() -> Design:
    """A small VGG as an SNN: three stages, a quarter of the channels, max pooling. Trains in a quarter of a minute."""
    return Design(
        data=Data(steps=4),
        network=VggNetwork(width=0.25, stages=3),
        neuron=Neuron(threshold=0.5),
        training=Training(epochs=12, learning_rate=0.004),
    )


def _timed(network: MlpNetwork | CnnNetwork, data: Data, **settings: Any) -> Design:
    """A TTFS network, trained from scratch by the mapping that makes its steps those of the ReLU network."""
    return Design(
        data=data.model_copy(update={"steps": 1}),
        network=network.model_copy(update={"code": "ttfs"}),
        neuron=Neuron(kind="relu"),
        init=Choice({"kind": "kaiming"}),
        **settings,
    )


@register_example
def ttfs_digits() -> Design:
    """A time-to-first-spike network trained from scratch on digits with an activity penalty. Trains in seconds."""
    return _timed(MlpNetwork(depth=2, width=100), Data(), ttfs=Ttfs(penalty=0.1))


@register_example
def ttfs_mnist() -> Design:
    """784-340-10 with at most one spike per neuron on all of MNIST (Stanojevic et al. 2023). Trains in minutes."""
    training = Training(learning_rate=0.001, epochs=10)
    return _timed(MlpNetwork(depth=1, width=340), Data(name="mnist"), training=training)


@register_example
def resnet18_digits() -> Design:
    """A small ResNet-18 as an SNN on digits, with an eighth of the channels. Trains in a quarter of a minute."""
    return Design(
        data=Data(steps=4),
        network=StagedNetwork(kind="resnet18", width=0.125),
        neuron=Neuron(threshold=0.5),
        training=Training(epochs=8, learning_rate=0.004),
    )


@register_example
def densenet121_digits() -> Design:
    """A small DenseNet-121 as an SNN: a quarter of the channels and of the layers. Trains in a quarter of a minute."""
    return Design(
        data=Data(steps=4),
        network=StagedNetwork(kind="densenet121", width=0.25, depth=0.25),
        neuron=Neuron(threshold=0.5),
        training=Training(epochs=8, learning_rate=0.006),
    )


@register_example
def mobilenetv2_digits() -> Design:
    """A small MobileNetV2 as an SNN: a quarter of the channels, half of the layers. Trains in half a minute."""
    return Design(
        data=Data(steps=4),
        network=StagedNetwork(kind="mobilenetv2", width=0.25, depth=0.5),
        neuron=Neuron(threshold=0.5),
        training=Training(epochs=10, learning_rate=0.01),
    )


@register_example
def nmnist_small() -> Design:
    """Convolutions on 1,000 real event recordings of N-MNIST, tested on 100. Trains in a minute."""
    return Design(
        data=Data(name="nmnist", train_samples=1000, test_samples=100, steps=10),
        network=CnnNetwork(depth=3, channels=16, pool_every=1),
        neuron=Neuron(threshold=0.5),
        training=Training(epochs=12, learning_rate=0.004, batch_size=32),
    )


@register_example
def fashion_saccades() -> Design:
    """Convolutions on simulated event recordings of 8,000 images of Fashion-MNIST. Trains in two minutes."""
    return Design(
        data=Data(name="fashion-mnist-saccades", train_samples=8000, test_samples=2000, steps=6),
        network=CnnNetwork(depth=3, channels=16, pool_every=1),
        neuron=Neuron(threshold=0.5),
        training=Training(epochs=7, learning_rate=0.004),
    )


def _snasnet(cell: str) -> Design:
    """The neuron of Kim et al. 2022 (a threshold of 1 and inputs times 3/4 there), and images of 16x16."""
    return Design(
        data=Data(steps=4),
        network=CellNetwork(cell=cells.parse(cell), channels=8, hidden=128, enlarge=2),
        neuron=Neuron(beta=0.25, threshold=4 / 3, reset="zero", surrogate=Choice({"kind": "atan", "slope": 1.5})),
        training=Training(epochs=15, learning_rate=0.006),
    )


@register_example
def snasnet_digits() -> Design:
    """A small SNASNet: two cells, every two nodes of which are joined by a 3x3 convolution. Trains in less than a
    minute.
    """
    return _snasnet("0333 0033 0003 0000")


@register_example
def snasnet_bw_digits() -> Design:
    """A small SNASNet of the cell with backward connections that was published for CIFAR10. Trains in a minute."""
    return _snasnet("0303 0030 2002 0200")
