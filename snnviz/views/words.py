"""Labels and help texts of pages: one word for the same thing everywhere.

Things are looked up by a design's path, a study's field or a table's column. Those names themselves are used in links,
rows, ``--json``, CSV and on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from snnviz.design.menus import NEURONS
from snnviz.theory.metrics import METRICS
from snnviz.views import glossary


@dataclass(frozen=True, slots=True)
class Word:
    """A label, a help text shown on hover, and the labels of a choice's options."""

    label: str
    help: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


NORM = (
    "batch: what a hidden layer's neurons receive gets mean 0 and variance 1 over a batch and all time steps, times a "
    "learnt gain; in a network of cells over a batch at each time step. A batch then goes through as a whole. Not "
    "together with a block's backward connections."
)

DESIGN = {
    "network.kind": Word(
        "Kind of network",
        "block: layers with skip connections; mlp: fully connected; cnn: convolutions in sequence; vgg: stages of "
        "them, each pooled by 2, and a hidden layer; cell: two cells of operations between four nodes (SNASNet); the "
        "others: architectures from papers for small images, each of whose blocks can be drawn anew.",
    ),
    "network.code": Word(
        "What a neuron says",
        "How often it spikes (rate code): spikes are counted over the time steps. When it spikes once (ttfs: time to "
        "first spike): each neuron spikes once or never, and *when* is what it says; computes exactly what ReLUs do. "
        "For an mlp, a cnn, a vgg or a block without skips; what is in the way is listed, and changed by a click.",
        {"rate": "how often it spikes", "ttfs": "when it spikes once"},
    ),
    "network.norm": Word("Normalisation", NORM),
    "network.pooling": Word(
        "Pooling",
        "What goes on of each square of 2 by 2: max, its largest value, of spikes whether there is one; average, the "
        "mean of all four.",
    ),
    "network.enlarge": Word(
        "Enlarge images",
        "So many times each pixel is shown in both directions: 8x8 images become 16x16 with 2.",
    ),
    "network.blocks": Word("Stacked blocks"),
    "network.edges": Word("Skips", "DSC concatenates the source's channels, ASC adds its spikes."),
    "network.cell": Word("Cell"),
    "network.voters": Word("Outputs a class"),
    "neuron.reset": Word(
        "Reset", "After a spike, one step later: subtract the threshold, return to zero, or do nothing."
    ),
    "neuron.learn": Word(
        "Also learnt",
        "What every layer learns besides its weights, one number a layer. The fields above say where they start.",
        {"none": "nothing", "alpha": "decay", "beta": "leak", "threshold": "threshold", "both": "both"},
    ),
    "neuron.each": Word("A time constant for each", "What learns one of its own: every layer, or every neuron.", {}),
    "data.name": Word(
        "Data set",
        "Digits ship with snnviz; the others are read from this machine or fetched once, large ones by "
        "`python -m snnviz data fetch NAME`. Saccades are recordings of events simulated from images.",
    ),
    "data.validation": Word(
        "Validation share",
        "Of the training images: so many are held out, drawn by the seed; nothing learns from them. What is chosen by "
        "their accuracy is then told honestly by the test images, which had no say.",
    ),
    "data.encoding": Word("Encoding", "How a sample becomes what the first layer receives over time."),
    "data.events.bins": Word(
        "Pixels hold",
        "Of a frame of events: how many events fell on a pixel, or whether any did.",
        {"count": "number of events", "binary": "whether any"},
    ),
    "data.augment.flip": Word("Mirror", "In training, half of the samples are mirrored, left for right."),
    "data.augment.drop": Word("Drop events"),
    "training.gradients": Word(
        "Record gradients",
        "Whether the norm of each layer's gradient is noted in training. What is learnt is the same, and without it a "
        "little sooner.",
        {"watched": "yes", "unwatched": "no"},
    ),
    "training.precision": Word(
        "Precision",
        "bfloat16: products with 8 bits of precision, faster where the processor has units for it, and offered only "
        "there. Neurons and the optimizer keep float32; results say so.",
    ),
    "training.shortcut.schedule": Word("Shortcut branches"),
    "training.shortcut.layers": Word(
        "Branches after layers",
        "Numbers of hidden layers with neurons from 1, such as 3,6,9. Empty: at 1/4, 1/2 and 3/4 of the depth, or "
        "after each block but the last.",
    ),
    "training.shortcut.weighting": Word(
        "Weighting",
        "plain: the branches' losses times λ are added to the main loss. normalised: the factors of all losses add up "
        "to 1.",
    ),
    "ttfs.penalty": Word("Activity penalty"),
    "ttfs.slope": Word(
        "Slope at threshold",
        "one: potentials rise with slope 1 at their threshold, learning is the ReLU network's. alpha-one: the usual "
        "ramp instead, with which slopes may be near 0 and gradients explode.",
    ),
    "ttfs.zeta": Word("Margin of windows ζ"),
    "init": Word("Initialisation", "The law that the first weights are drawn from."),
    "init.gain": Word("Gain of the initialisation"),
    "training.batch_size": Word("Batch size"),
    "seed": Word("Seed", "Of the split, the weights and the order of the images."),
}
"""Words of a design's fields, by path."""

NAMES = {
    "beta": Word("Leak β"),
    "threshold": Word("Threshold θ"),
    "alpha": Word("Decay α"),
    "tau": Word("Time constant τ"),
    "dsc_fraction": Word("DSC fraction ρ"),
    "steps": Word("Time steps T"),
    "pool_every": Word("Pool after every"),
    "crop": Word("Crop to"),
    "downsample": Word("Join pixels"),
    "shift": Word("Shift, pixels"),
    "window_ms": Word("Frame, ms"),
    "denoise_ms": Word("Denoise, ms"),
    "weight": Word("Weight λ₀"),
    "learning_rate": Word("Learning rate"),
    "epochs": Word("Epochs", "Passes over the training images."),
    "train_samples": Word("Training images"),
    "test_samples": Word("Test images"),
    "vary": Word("What varies"),
    "points": Word("Points", "Designs that are spread evenly over all axes, by Sobol's sequence."),
    "seeds": Word("Seeds", "How often it is trained, each time with other weights, images and order."),
    "macs": Word(
        "Multiplications per time step",
        "Of an image, dense: every weight at every output, zeros and padding too, is a multiplication and an addition "
        "(MAC).",
    ),
    "MACs": Word(
        "Multiplications done",
        "Of an image: multiplications and additions of inputs that are not 0 (NeuroBench: Eff_MACs), counted on the "
        "probe images at the last look.",
    ),
    "n_skip": Word("Skips per layer", "Each layer takes so many, or as many as there is room for."),
    "sahd": Word("SAHD"),
    "hd": Word("HD"),
}
"""Words of studies' fields, of table columns, and of design fields that mean the same in all parts. Metrics have words
of their own (`theory.metrics`).
"""

LAYERS = {"stem": "stem (input layer)", "readout": "readout (output layer)"}


def _neuron() -> Word:
    """Of the kinds of neuron, as their catalogue has it."""
    about = " ".join(entry.title for entry in NEURONS)
    return Word("Kind of neuron", about, {entry.kind: NEURONS[entry.kind].label for entry in NEURONS})


def word(path: str) -> Word:
    """Returns the words of a field or a column: by its path, else by the last part of the path, else its name as the
    label.

    >>> word("neuron.threshold").label, word("network.code").label, word("training.batch_size").label
    ('Threshold θ', 'What a neuron says', 'Batch size')
    >>> word("data.test_split").label
    'Test split'
    """
    if path == "neuron.kind":
        return _neuron()
    name = path.rsplit(".", 1)[-1]
    found = (
        DESIGN.get(path) or word_by_name(name if name in NAMES else path) or Word(name.replace("_", " ").capitalize())
    )
    return _explained(found, name)


def _explained(found: Word, name: str) -> Word:
    """A word without a help text of its own has the glossary's sentence: of its name, else of its label."""
    if found.help:
        return found
    sentence = glossary.meaning("time steps" if name == "steps" else name) or glossary.meaning(found.label)
    return replace(found, help=sentence) if sentence else found


def word_by_name(name: str) -> Word | None:
    """Returns label and help of a study's field, a table's column or a metric, by its name; None if it has none.

    >>> word_by_name("energy").label, word_by_name("beta").label, word_by_name("p")
    ('Energy', 'Leak β', None)
    """
    metric = METRICS.get(name)
    if name in NAMES:
        return _explained(NAMES[name], name)
    return None if metric is None else Word(metric.label, metric.help)


def option(path: str, value: object) -> str:
    """Returns the label of an option of a choice; the option itself if it has none.

    >>> option("network.code", "ttfs"), option("data.events.bins", "binary"), option("neuron.reset", "zero")
    ('when it spikes once', 'whether any', 'zero')
    """
    return word(path).options.get(str(value), str(value))


def initialisation(text: str) -> str:
    """Returns the label of an initialisation given as text: its kind, and the parameters that differ from their
    defaults.

    >>> initialisation("variance-preserving"), initialisation("kaiming:gain=3")
    ('variance preserving', 'kaiming, gain 3')
    """
    kind, *parameters = text.split(":")
    return ", ".join([kind.replace("-", " "), *(parameter.replace("=", " ") for parameter in parameters)])


def layer_label(name: str) -> str:
    """Returns a layer's label: its name, with its role if the name does not say it.

    >>> layer_label("stem"), layer_label("L3")
    ('stem (input layer)', 'L3')
    """
    return LAYERS.get(name, name)


def axis_label(name: str) -> str:
    """Returns a layer's label in two lines, for the axis of a chart.

    >>> axis_label("readout"), axis_label("L3")
    ('readout<br>(output layer)', 'L3')
    """
    return layer_label(name).replace(" (", "<br>(")
