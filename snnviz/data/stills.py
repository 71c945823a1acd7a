"""Descriptions of the data sets of still images."""

from __future__ import annotations

import math
from dataclasses import replace

from snnviz.data.cards import Archive, DatasetCard, IdxFile
from snnviz.data.recordings import parse_probabilities
from snnviz.design.menus import DATASETS


@DATASETS.register(source="https://archive.ics.uci.edu/dataset/80", kind="digits")
def digits() -> DatasetCard:
    """Handwritten digits, 8x8: small enough to learn in seconds, and shipped with scikit-learn."""
    return DatasetCard(
        title="Digits",
        about="1,797 handwritten digits of 8x8 pixels; 80 % for training and 20 % for testing, by the design's seed.",
        shape=(1, 8, 8),
        classes=10,
        train=1437,
        test=360,
        mean=0.3053,
        std=0.3760,
        histogram=parse_probabilities(
            "48929 3561 2866 2560 2835 2437 2225 2284 3012 2248 2357 2474 3189 3051 3138 3742 9092"
        ),
        likeness=0.3,
        licence="CC BY 4.0",
        citation="Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository",
        home="https://archive.ics.uci.edu/dataset/80",
        layout="table",
        split="80 % for training and 20 % for testing, drawn by the design's seed.",
        files=(IdxFile("6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8", ""),),
    )


@DATASETS.register(source="http://yann.lecun.com/exdb/mnist", kind="mnist")
def mnist() -> DatasetCard:
    """Handwritten digits, 28x28: the classic benchmark."""
    return DatasetCard(
        title="MNIST",
        about="60,000 training and 10,000 test images of handwritten digits, 28x28 pixels.",
        shape=(1, 28, 28),
        classes=10,
        train=60_000,
        test=10_000,
        mean=0.1307,
        std=0.3081,
        histogram=parse_probabilities("81404 1062 835 702 712 624 564 592 693 619 569 655 735 734 865 1120 7515"),
        likeness=0.45,
        licence="CC BY-SA 3.0",
        citation="LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document recognition",
        home="http://yann.lecun.com/exdb/mnist",
        download="https://ossci-datasets.s3.amazonaws.com/mnist/",
        mirrors=("https://storage.googleapis.com/cvdf-datasets/mnist/",),
        files=(
            IdxFile(
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            IdxFile(
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            IdxFile(
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            IdxFile(
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    )


@DATASETS.register(source="https://github.com/zalandoresearch/fashion-mnist", kind="fashion-mnist")
def fashion_mnist() -> DatasetCard:
    """Clothes, 28x28: as small as MNIST and much harder."""
    return DatasetCard(
        title="Fashion-MNIST",
        about="60,000 training and 10,000 test images of clothes, 28x28 pixels.",
        shape=(1, 28, 28),
        classes=10,
        train=60_000,
        test=10_000,
        mean=0.2860,
        std=0.3530,
        histogram=parse_probabilities(
            "53015 1604 1762 1939 2063 2180 2291 2426 2576 2838 3205 3754 4525 5372 5682 3231 1538"
        ),
        likeness=0.5,
        licence="MIT",
        citation="Xiao, Rasul and Vollgraf 2017, Fashion-MNIST, arXiv:1708.07747",
        home="https://github.com/zalandoresearch/fashion-mnist",
        download="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        mirrors=("https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",),
        files=(
            IdxFile(
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            IdxFile(
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            IdxFile(
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            IdxFile(
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
        labels=("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    )


@DATASETS.register(source="https://www.cs.toronto.edu/~kriz/cifar.html", kind="cifar10")
def cifar10() -> DatasetCard:
    """Photographs in ten classes, 32x32 in colour."""
    return DatasetCard(
        title="CIFAR-10",
        about="50,000 training and 10,000 test photographs of animals and vehicles, 32x32 pixels in three colours.",
        shape=(3, 32, 32),
        classes=10,
        train=50_000,
        test=10_000,
        mean=0.4734,
        std=0.2516,
        histogram=_bell(0.4734, 0.2516),
        likeness=0.5,
        licence="none stated; the authors ask to be cited",
        citation="Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images, University of Toronto",
        home="https://www.cs.toronto.edu/~kriz/cifar.html",
        layout="cifar",
        archives=(
            Archive(
                "cifar-10-binary.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                "md5:c32a1d4ab5d03f1284b67883e8d87530",
                170,
            ),
        ),
        labels=CIFAR10,
        guessed=True,
    )


@DATASETS.register(source="https://www.cs.toronto.edu/~kriz/cifar.html", kind="cifar100")
def cifar100() -> DatasetCard:
    """Photographs in a hundred classes, 32x32 in colour."""
    return DatasetCard(
        title="CIFAR-100",
        about="50,000 training and 10,000 test photographs of a hundred things, 500 and 100 of each, 32x32 pixels in "
        "three colours.",
        shape=(3, 32, 32),
        classes=100,
        train=50_000,
        test=10_000,
        mean=0.4782,
        std=0.2682,
        histogram=_bell(0.4782, 0.2682),
        likeness=0.5,
        licence="none stated; the authors ask to be cited",
        citation="Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images, University of Toronto",
        home="https://www.cs.toronto.edu/~kriz/cifar.html",
        layout="cifar",
        archives=(
            Archive(
                "cifar-100-binary.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
                "md5:03b5dce01913d631647c71ecec9e9cb8",
                169,
            ),
        ),
        labels=FINE,
        guessed=True,
    )


@DATASETS.register(source="https://www.cs.toronto.edu/~kriz/cifar.html", kind="cifar100-coarse")
def cifar100_coarse() -> DatasetCard:
    """The photographs of CIFAR-100 in its twenty coarse classes, of five fine classes each."""
    about = (
        "50,000 training and 10,000 test photographs of CIFAR-100, in twenty classes of five kinds each, 32x32 pixels "
        "in three colours."
    )
    card: DatasetCard = cifar100()
    return replace(card, title="CIFAR-100, coarse", about=about, classes=20, labels=COARSE)


_FINE = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
wardrobe whale willow_tree wolf woman worm
"""
FINE = tuple(name.replace("_", " ") for name in _FINE.split())
COARSE = (
    *("aquatic mammals", "fish", "flowers", "food containers", "fruit and vegetables", "household electrical devices"),
    *("household furniture", "insects", "large carnivores", "large man-made outdoor things"),
    *(
        "large natural outdoor scenes",
        "large omnivores and herbivores",
        "medium-sized mammals",
        "non-insect invertebrates",
    ),
    *("people", "reptiles", "small mammals", "trees", "vehicles 1", "vehicles 2"),
)
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def _bell(mean: float, std: float) -> tuple[float, ...]:
    """Shares of a normal distribution at 0, 1/16, ... 1: a stand-in for a histogram that nobody measured here.

    >>> round(sum(_bell(0.4734, 0.2516)), 9)
    1.0
    """
    wide = 1.2 * std  # as much as what lies outside [0, 1] takes away
    found = [math.exp(-(((k / 16 - mean) / wide) ** 2) / 2) for k in range(17)]
    return tuple(share / sum(found) for share in found)
