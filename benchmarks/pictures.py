"""Makes the pictures of the documentation, `docs/images/`, of today's pages.

    python -m benchmarks.pictures               # all of them: some minutes on two cores
    python -m benchmarks.pictures skips cells   # only these
    python -m benchmarks.pictures film          # the moving one: a skip is drawn, the design trained

What a picture shows is computed first, by the command line, in a store of its own. Needs Debian's Chromium.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.server import ROOT, Server, serving

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FOLDER = ROOT / "docs" / "images"
PATIENCE, TRAINING = 60_000, 1_800_000
"""Milliseconds for a page to be drawn, and for all that it trains."""


@dataclass(frozen=True)
class Picture:
    """A page at an address, `height` pixels of it; `runs`: commands that compute beforehand what it shows.

    `act`: what a person does there first. `top`: the text that the picture begins with, where not at the page's top.
    """

    address: str
    height: int = 800
    runs: tuple[str, ...] = ()
    act: Callable[[Page], None] | None = None
    top: str | None = None
    dark: bool = False


def _compare(page: Page) -> None:
    """Ticks the first three runs."""
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert box is not None
    for row in range(3):
        page.mouse.click(box["x"] + 16, box["y"] + 54 + 35 * row)
        settle(page)
    expect(page.get_by_text("What differs")).to_be_visible()


def _press(done: str) -> Callable[[Page], None]:
    """Presses what the page is for, its first primary button, and waits until it says that all is there."""

    def act(page: Page) -> None:
        page.get_by_test_id("stBaseButton-primary").first.click()
        expect(page.get_by_text(done).first).to_be_visible(timeout=TRAINING)

    return act


def _shown(page: Page) -> None:
    """Waits until what came with snnviz is drawn."""
    expect(page.get_by_text("came with snnviz").first).to_be_visible(timeout=PATIENCE)


def _trained_twin(page: Page) -> None:
    page.get_by_role("radio", name="8 layers").or_(page.get_by_text("8 layers", exact=True)).first.click()
    settle(page)
    _press("ReLU network trained")(page)


DRAWN = ";;000200/000010/000001/000001/000000/000000;"
SKIPS = "network.edges=00210/00012/00000/00000/00000"
LIVE = "digits --set network.edges=00210/00012/00000/00000/00000 --set seed="

PICTURES = {
    "home": Picture("", 1500),
    "design": Picture(f"design?{SKIPS}"),
    "backward": Picture("design?network.edges=00020/00000/01001/00000/02000"),
    "live": Picture(f"design?{SKIPS}&seed=5", runs=(f"run {LIVE}5",), top="Test accuracy"),
    "live-dark": Picture(f"design?{SKIPS}&seed=5", runs=(f"run {LIVE}5",), top="Test accuracy", dark=True),
    "runs": Picture("runs", runs=tuple(f"run {LIVE}{seed}" for seed in (3, 4, 5)), act=_compare),
    "architecture": Picture(
        f"design?network.kind=resnet18&network.width=0.125&neuron.threshold=0.5&network.blocks={DRAWN}", 1000
    ),
    "activity": Picture("activity", 800),
    "data": Picture(
        "data?data.name=nmnist&data.steps=8&data.events.crop=28&data.events.denoise_ms=5&data.augment.shift=3&data.augment.drop=0.3",
        1280,
    ),
    "skips": Picture("skips", 1850, act=_shown),
    "optimise": Picture("skips?view=optimise", 1990, act=_shown),
    "cells": Picture("cells", 2160, act=_press("Coefficient of variation")),
    "shortcuts": Picture("shortcuts", 1935, act=_shown),
    "ttfs": Picture("ttfs?view=time", 1790, act=_trained_twin),
}


def compute(server: Server, picture: Picture) -> None:
    """Runs the picture's commands in the server's store; what is there already is not computed again."""
    for command in picture.runs:
        environment = {**os.environ, "SNNVIZ_CACHE": str(server.cache)}
        subprocess.run(
            [sys.executable, "-m", "snnviz", *command.split()],
            cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip


def take(browser: Browser, server: Server, picture: Picture, file: Path) -> None:
    """Writes the picture."""
    scheme = "dark" if picture.dark else "light"
    context = browser.new_context(viewport={"width": 1280, "height": picture.height}, color_scheme=scheme)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{server.url}/{picture.address}")
    page.get_by_test_id("stHeading").or_(page.get_by_test_id("stBaseButton-primary")).first.wait_for()
    settle(page)
    if picture.act is not None:
        picture.act(page)
        page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
        settle(page)
    if picture.top is not None:
        page.get_by_text(picture.top).first.evaluate("e => e.scrollIntoView({block: 'start'})")
        page.mouse.wheel(0, -120)
        settle(page)
    notice = page.locator(".st-key-notice").get_by_role("button", name="Close")  # what was said of a press
    if notice.count():
        notice.click()
        settle(page)
    page.screenshot(path=file)
    context.close()


def settle(page: Page) -> None:
    """Waits until the page has stood still for a second and a half."""
    before, calm = b"", 0
    for _ in range(PATIENCE // 500):
        now = page.screenshot()
        calm = calm + 1 if now == before else 0
        if calm == 3:
            return
        before = now
        page.wait_for_timeout(500)


FILM = "film"
FILM_SIZE = {"width": 1120, "height": 700}
FILM_WIDTH, FILM_SECONDS = 840, 0.25
"""Pixels of the moving picture, and how long each of its frames is shown."""


def film(browser: Browser, server: Server, file: Path) -> None:
    """Two skips are drawn, the forecast follows; Train is pressed, and curves grow until the run is done."""
    context = browser.new_context(viewport=FILM_SIZE, color_scheme="light")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{server.url}/design?network.edges=00000/00000/00000/00000/00000&training.epochs=3&seed=8")
    page.locator(".editor").first.wait_for()
    settle(page)
    frames: list[Image.Image] = []

    def watch(seconds: float) -> None:
        for _ in range(max(1, round(seconds / FILM_SECONDS))):
            shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            frames.append(shown.resize((FILM_WIDTH, shown.height * FILM_WIDTH // shown.width)))
            page.wait_for_timeout(1000 * FILM_SECONDS)

    watch(1)
    cells = page.locator(".editor [role=gridcell]:not([aria-disabled=true])")
    for number, presses in ((2, 1), (3, 2)):
        for _ in range(presses):
            cells.nth(number).click()
            watch(0.75)
    page.get_by_test_id("stBaseButton-primary").first.click()
    for _ in range(120):
        watch(0.5)
        if page.get_by_text("Done", exact=False).count():
            break
    watch(2)
    context.close()
    kept = [frames[0]]
    durations = [FILM_SECONDS]
    for frame in frames[1:]:  # what stands still is shown for longer
        if frame.tobytes() == kept[-1].tobytes():
            durations[-1] += FILM_SECONDS
        else:
            kept.append(frame)
            durations.append(FILM_SECONDS)
    sheet = Image.new("RGB", (FILM_WIDTH, kept[0].height * len(kept)))
    for number, frame in enumerate(kept):
        sheet.paste(frame, (0, number * frame.height))
    palette = sheet.quantize(192)  # one for all: colours stay what they are
    shades = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in kept]
    times = [min(3000, int(1000 * seconds)) for seconds in durations]
    shades[0].save(file, save_all=True, append_images=shades[1:], duration=times, loop=0, optimize=True)


def unpack(server: Server) -> None:
    """Real recordings for the Data page, where `SNNVIZ_DATA` has an archive of some."""
    archive = Path(os.environ.get("SNNVIZ_DATA", "")) / "nmnist_small.tar.xz"
    if archive.is_file():
        with tarfile.open(archive) as opened:
            opened.extractall(server.cache / "datasets", filter="data")
        (server.cache / "datasets" / "nmnist_small").rename(server.cache / "datasets" / "nmnist")


def main(*names: str) -> None:
    known = [*PICTURES, FILM]
    if unknown := set(names) - set(known):
        raise SystemExit(f"pictures must be among {', '.join(known)}, got {', '.join(sorted(unknown))}")
    with serving() as server, sync_playwright() as playwright:
        unpack(server)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in names or known:
            if name == FILM:
                film(browser, server, FOLDER / "film.gif")
            else:
                compute(server, PICTURES[name])
                take(browser, server, PICTURES[name], FOLDER / f"{name}.png")
            print(name, flush=True)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
