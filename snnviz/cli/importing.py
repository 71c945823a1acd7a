"""The command `import`: takes what others made as a design and its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from snnviz.cli.designing import DESIGN_PAGE, read_design
from snnviz.cli.printing import AS_JSON, SETTING, print_json
from snnviz.design import links
from snnviz.errors import DataMissing, InputError
from snnviz.exports.nir.graph import Array


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--design", help="A named design, a file or a link: what a state dict holds the weights of.")
@SETTING
@click.option("--map", "named", multiple=True, metavar="MODULE=LAYER", help="Which module is which layer.")
@click.option("--to", type=click.Path(path_type=Path), help="Write the weights here, as safetensors by our names.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@AS_JSON
def import_(
    file: Path, design: str | None, settings: Sequence[str], named: Sequence[str], to: Path | None, force: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Bring in a NIR graph (.nir), or weights of a torch or snntorch network (.safetensors) for a design.

    Says the design, and what its network reaches on the test images with these weights. Nothing in a file is run.
    """
    from snnviz.imports import IMPORTS
    from snnviz.imports.form import ImportRequest
    from snnviz.imports.measuring import accuracy

    request = ImportRequest(read_design(design, ()) if design else None, links.parse_settings(settings), _pairs(named))
    found = IMPORTS.for_file(file).read(file, request)
    if to is not None:
        _write(to, found.weights, force=force)
    query = links.to_query(found.design)
    link = f"{DESIGN_PAGE}?{query}" if query else DESIGN_PAGE
    try:
        right, images = accuracy(found)
    except DataMissing as error:  # the weights are whole all the same
        right, images, missing = None, 0, str(error)
    if as_json:
        document = {"design": found.design.document(), "link": link, "notes": list(found.notes)}
        print_json({**document, "accuracy": right, "images": images, "weights": None if to is None else str(to)})
        return
    for line in found.notes:
        click.echo(line)
    click.echo(missing if right is None else f"{right:.1%} of {images:,} test images are right.")
    click.echo(f"Design: {link}")
    if to is not None:
        click.echo(f"Weights: {to}")


def _pairs(named: Sequence[str]) -> dict[str, str]:
    found = dict(each.partition("=")[::2] for each in named)
    for module, layer in found.items():
        if not layer:
            raise InputError("map", "be MODULE=LAYER", module)
    return found


def _write(to: Path, weights: Mapping[str, Array], *, force: bool) -> None:
    import numpy as np
    from safetensors.numpy import save

    if to.suffix != ".safetensors":
        raise InputError("to", "end in .safetensors", to.name)
    if to.exists() and not force:
        raise InputError("to", "name a file that does not exist; --force replaces it", str(to))
    arrays = {name: np.asarray(value, order="C") for name, value in weights.items()}
    try:
        to.write_bytes(save(arrays, metadata={"format": "pt"}))
    except OSError as error:
        raise InputError("to", "be a place that can be written", f"{to} ({error.strerror})") from None
