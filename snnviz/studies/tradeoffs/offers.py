"""The fields of a design that an experiment may vary, with labels and suggested values, and its axes as rows of a
form.
"""

from __future__ import annotations

from snnviz.design import links
from snnviz.design.axes import TOGETHER
from snnviz.design.design import Design
from snnviz.design.fieldtypes import FieldType, field_type
from snnviz.design.menus import DATASETS, EVENTS
from snnviz.views.changes import label

PARTS = {
    "network": "Network",
    "neuron": "Neuron",
    "init": "Initialisation",
    "data": "Data",
    "training": "Training",
    "ttfs": "One spike",
}
"""As the form of the Design page is divided."""

FEW = 5
"""So many kinds are all taken at first; of more the base's own and the next ones."""


def offered_fields(base: Design) -> list[str]:
    """Returns the paths of the fields that affect what a design computes, in the order of the design form's parts."""
    paths = [path for path in links.flatten(base) if path != "seed" and not _says_nothing(base, path)]
    return sorted(paths, key=lambda path: list(PARTS).index(path.partition(".")[0]))


def _says_nothing(base: Design, path: str) -> bool:
    recorded = EVENTS in DATASETS[base.data.name].traits
    return (
        (path.startswith("data.events.") and not recorded)
        or (path == "data.augment.drop" and not recorded)
        or (path.startswith("ttfs.") and base.network.code != "ttfs")
        or path == "training.gradients"
    )


def field_label(path: str) -> str:
    """Returns the label of a field, after the part of the design that it belongs to.

    >>> field_label("neuron.threshold"), field_label("init.kind"), field_label("training.optimizer.kind")
    ('Neuron: threshold θ', 'Initialisation', 'Training: optimizer')
    """
    part, name = PARTS[path.partition(".")[0]], label(path)
    return name if name == part else f"{part}: {name[:1].lower() if name[1:2].islower() else name[:1]}{name[1:]}"


def suggested_values(base: Design, path: str) -> str:
    """Returns suggested values for a field, around its value in `base`, as text of an axis (`design.axes`).

    >>> [suggested_values(Design(), path) for path in ("neuron.threshold", "training.epochs", "training.learning_rate")]
    ['0.5..2/4', '7,15,30', '0.0003..0.03/5log']
    >>> [suggested_values(Design(), path) for path in ("init.kind", "network.edges", "neuron.reset")]
    ['variance-preserving,kaiming,glorot', 'all:1', '*']
    """
    of, now = field_type(base, path), links.flatten(base).get(path)
    if of.is_matrix:
        return "all:1"
    if of.kinds:
        several = [str(kind) for kind in of.kinds]
        return "*" if len(several) <= FEW else ",".join([*dict.fromkeys([str(now or several[0]), *several])][:3])
    if of.is_numeric:
        return _numbers(path, of, float(now or 0))
    return "1,2" if of.several else links.format_value(now)


def _numbers(path: str, of: FieldType, now: float) -> str:
    (limits, whole), *_ = of.ranges
    low, high = float(limits.low), float(limits.high)
    if path in ("data.train_samples", "data.test_samples"):
        return "200,500,1000"
    if whole:
        several = sorted({max(low, now // 2), max(low, now), min(high, 2 * now or low + 2)})
        return ",".join(f"{one:.0f}" for one in several)
    if path == "training.learning_rate":
        return f"{max(low, now / 10):.3g}..{min(high, now * 10):.3g}/5log"
    return f"{max(low, now / 2):.3g}..{min(high, 2 * now or low + 1):.4g}/4"


Row = tuple[str, bool]
"""A field with its values, ``path=values``, and whether it moves together with the row above."""


def axes_to_rows(vary: tuple[str, ...]) -> list[Row]:
    """Returns axes (``path=values``, joined by ``~``) as rows, one per field: text, and whether it is joined to the
    row above.

    >>> axes_to_rows(("init=kaiming", "neuron.threshold=1,2~neuron.beta=0.1,0.2"))
    [('init=kaiming', False), ('neuron.threshold=1,2', False), ('neuron.beta=0.1,0.2', True)]
    """
    return [(part, place > 0) for axis in vary for place, part in enumerate(axis.split(TOGETHER))]


def rows_to_axes(rows: list[Row]) -> tuple[str, ...]:
    """Returns the axes of rows, the inverse of `axes_to_rows`; the first row always begins an axis."""
    found: list[str] = []
    for text, joined in rows:
        if joined and found:
            found[-1] += TOGETHER + text
        else:
            found.append(text)
    return tuple(found)
