"""Commands that trace a trained network: `look` for one image, `confusion` for all test images."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from snnviz.cli.interrupts import reliable_interrupts
from snnviz.cli.printing import AS_JSON, Bar, print_json, table
from snnviz.errors import InputError
from snnviz.store import Store
from snnviz.studies.inside.look import Answer, Look, picture_text
from snnviz.studies.inside.own_image import SAMPLED, looks_inverted, prepare, typical_image
from snnviz.theory.operations import Operations
from snnviz.views.numbers import energy

if TYPE_CHECKING:
    from snnviz.studies.inside.compute.answering import LookServer

POKES = (
    click.option("--untrained", is_flag=True, help="The weights as they were drawn, before any training."),
    click.option("--silence", "silenced", default="", help="Neurons that say nothing, such as 'L2 3 c7; L1'."),
    click.option("--mute", "muted", default="", help="What a layer does not hear, such as a skip: 'L3<L1'."),
    click.option("--threshold", type=float, help="Multiply all thresholds, without training anew.  [1]"),
    click.option("--leak", type=float, help="Multiply all leaks (of PLIF 1 - 1/tau), which end at 1.  [1]"),
    click.option("--noise", type=float, help="Normal noise on weights, in their standard deviations by layer.  [0]"),
    click.option("--dropped", type=float, help="Share of the input that is left out.  [0]"),
    click.option("--steps", type=int, help="Time steps that the network is allowed.  [all]"),
)


def _poked(command: Any) -> Any:
    for option in reversed(POKES):
        command = option(command)
    return command


def _read(store: Store, run: str, untrained: bool, options: Mapping[str, Any]) -> Look:
    given = {name: value for name, value in options.items() if value not in (None, "")}
    return Look.check({"run": store.get(run).run, "weights": "untrained" if untrained else "trained", **given})


def _looker(store: Store) -> LookServer:
    from snnviz.studies.inside.compute.answering import LookServer  # torch takes a second

    return LookServer(store)


@click.command()
@click.argument("run")
@click.option("--image", type=int, default=0, show_default=True, help="The number of a test image.")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Instead of a test image a picture of one's own, PNG or JPEG, made an image of the data set.",
)
@click.option(
    "--focus",
    default="",
    help="Neurons whose potential and currents are told: 'L2 3 7', or channel, row, column: 'L2 3,0,4'.",
)
@click.option("--npz", type=click.Path(dir_okay=False, path_type=Path), help="Write spikes and traces to this file.")
@_poked
@AS_JSON
def look(run: str, untrained: bool, picture: Path | None, npz: Path | None, as_json: bool, **options: Any) -> None:
    """Send one image through a trained network and tell what each layer spikes and how the answer comes about.

    RUN is a run's name, or the beginning of one.
    """
    store = Store()
    asked, done, looker = _read(store, run, untrained, options), "", _looker(store)
    if picture is not None:
        drawn, done = _own(looker, asked, picture)
        asked = asked.model_copy(update={"drawn": drawn})
    answer = looker.answer("look", asked)
    if npz is not None:
        _write(npz, answer)
    if as_json:
        print_json({**answer.about, **_lists(answer), **({"picture": done} if done else {})})
        return
    if done:
        click.echo(done)
    _print(answer)


def _own(looker: LookServer, asked: Look, path: Path) -> tuple[str, str]:
    """A picture of one's own as a look has it, and what was done with it."""
    from snnviz.data.files.archives import DiskFile
    from snnviz.data.files.pictures import read_picture

    try:
        pixels = read_picture(DiskFile(path, path.stat().st_size))
    except OSError as error:
        raise InputError("picture", "be a file that can be read", f"{path} ({error.strerror})") from None
    shown = looker.answer("pictures", asked, numbers=range(SAMPLED))
    images = shown.arrays["images"]
    if images.shape[0] == 0 or not shown.about["white"]:
        raise InputError("picture", "be left out: this network sees recordings", str(path))
    usual = typical_image(images, shown.about["white"])
    inverted = usual.frame == "ink" and looks_inverted(pixels)
    found, words = prepare(pixels, images.shape[1:], usual, "inverted" if inverted else "as it is", usual.frame)
    return picture_text(found), words


def _write(path: Path, answer: Answer) -> None:
    try:
        with path.open("wb") as file:
            np.savez_compressed(file, **answer.arrays)  # type: ignore[arg-type]
    except OSError as error:
        raise InputError("npz", "be a file that can be written", f"{path} ({error.strerror})") from None


def _lists(answer: Answer) -> dict[str, Any]:
    """What of the arrays is told in JSON: the readout, the spikes, and traces."""
    layers = [
        {**about, **({"raster": answer.arrays[f"spikes.{i}"].tolist()} if f"spikes.{i}" in answer.arrays else {})}
        for i, about in enumerate(answer.about["layers"])
    ]
    focus = [
        {**about, **{name: _array(answer, f"{name}.{k}") for name in ("potential", "fired", "currents")}}
        for k, about in enumerate(answer.about["focus"])
    ]
    return {"layers": layers, "focus": focus, "readout": answer.arrays["readout"].tolist()}


def _array(answer: Answer, name: str) -> Any:
    return answer.arrays[name].tolist() if name in answer.arrays else None


def _print(answer: Answer) -> None:
    about = answer.about
    rows = []
    for one in about["layers"]:
        if "spikes" in one:
            rate = one["spikes"] / (one["neurons"] * about["steps"])
            rows.append(
                {
                    "layer": one["name"],
                    "neurons": f"{one['neurons']:,}",
                    "spikes": f"{one['spikes']:,}",
                    "rate": f"{rate:.1%}",
                    "threshold": f"{one['threshold']:.4g}" if one["threshold"] is not None else "-",
                    "leak": f"{one['beta']:.4g}" if one["beta"] is not None else "-",
                }
            )
    if rows:
        click.echo(table(rows))
    first = about["first_right"]
    right = (
        "never right"
        if first is None
        else f"right from step {first} on"
        if first == about["settled"]
        else (f"first right after step {first}")
    )
    ending = "" if about["label"] is None else f", {right}"
    which = "The picture" if about["image"] is None else f"Image {about['image']} of class {about['label']}"
    click.echo(
        f"{which}: answer {about['predicted'][-1]} after "
        f"{about['steps']} steps{ending}; it last changes at step {about['settled']}."
    )
    done = Operations(0, about["macs"], about["additions"])
    click.echo(f"{done.macs:,} multiplications and {done.additions:,} additions: {energy(done.nanojoules())}.")


@click.command()
@click.argument("run")
@_poked
@AS_JSON
def confusion(run: str, untrained: bool, as_json: bool, **options: Any) -> None:
    """Send all test images through a trained network: what it confuses, how many steps it needs, which neurons are
    dead.

    RUN is a run's name, or the beginning of one. In evaluation mode: batch normalisation by running averages.
    """
    store = Store()
    asked = _read(store, run, untrained, options)
    with reliable_interrupts() as check, Bar(quiet=as_json or not sys.stderr.isatty(), label="looking") as bar:

        def tell(share: float) -> None:
            bar.share(share)
            check()

        answer = _looker(store).answer("overview", asked, tell)
    from snnviz.studies.inside.compute.overview import confusion as counted

    counts = counted(answer.arrays["predicted"], answer.arrays["labels"], answer.about["classes"])
    if as_json:
        needed = answer.arrays["steps_needed"]
        more = {"confusion": counts.tolist(), "predicted": answer.arrays["predicted"].tolist()}
        print_json({**answer.about, **more, "steps_needed": needed.tolist()})
        return
    names = [str(number) for number in range(len(counts))]
    rows = [{"true": names[k], **dict(zip(names, map(str, row), strict=True))} for k, row in enumerate(counts)]
    click.echo(table(rows))
    layers = [
        {
            "layer": one["name"],
            "rate": f"{one['rate']:.1%}",
            "dead": f"{one['dead']:.1%}",
            "saturated": f"{one['saturated']:.1%}",
            "u / threshold": f"{one['mean_u']:.2f} +- {one['sd_u']:.2f}",
        }
        for one in answer.about["layers"]
    ]
    if layers:
        click.echo("\n" + table(layers))
    by_steps = answer.about["by_steps"]
    click.echo(f"Accuracy {answer.about['accuracy']:.1%} of {answer.about['images']:,} images.{_enough(by_steps)}")


def _enough(by_steps: list[float]) -> str:
    """Since when 99 % of the accuracy is reached."""
    enough = next(n for n, share in enumerate(by_steps, 1) if share >= 0.99 * by_steps[-1])
    if enough == len(by_steps):
        return ""
    return f" {enough} of {len(by_steps)} time steps would have sufficed for {by_steps[enough - 1]:.1%}."
