"""What can be read and hit on a page, at each width: see `access.js`; and what axe-core finds.

axe-core comes with the package axe-playwright-python; nothing is fetched.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

WIDTHS = (320, 390, 768, 1280)
ACCESS = Path(__file__).with_name("access.js").read_text(encoding="utf-8")
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
EVERYTHING = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
COLOURS = "{type: 'rule', values: ['color-contrast']}"


def nothing_in_the_way(page: Page, width: int) -> None:
    """Waits until nothing is cut, hidden or too small at this width; charts follow a moment later."""
    page.set_viewport_size({"width": width, "height": 844})
    until = time.monotonic() + 20
    while found := page.evaluate(ACCESS):
        assert time.monotonic() < until, (width, found)
        page.wait_for_timeout(200)


def violations(page: Page, what: str = EVERYTHING, but: tuple[str, ...] = ()) -> list[str]:
    """What axe calls serious or critical, with where and why; `but`: what is not looked at."""
    page.evaluate(AXE)
    where = f"{{exclude: {['.katex-html', *but]}}}"
    options = f"{{runOnly: {what}, resultTypes: ['violations']}}"
    found: list[dict[str, Any]] = page.evaluate(f"axe.run({where}, {options})")["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical") or one["id"] == "heading-order"]
    return [f"{one['id']}: {node['html'][:200]}: {node['failureSummary']}" for one in grave for node in one["nodes"]]
