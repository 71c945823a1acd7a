"""What can be read and hit on a page, at each width: see `access.js`."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import Page

WIDTHS = (320, 390, 768, 1280)
ACCESS = Path(__file__).with_name("access.js").read_text(encoding="utf-8")


def nothing_in_the_way(page: Page, width: int) -> None:
    """Waits until nothing is cut, hidden or too small at this width; charts follow a moment later."""
    page.set_viewport_size({"width": width, "height": 844})
    until = time.monotonic() + 20
    while found := page.evaluate(ACCESS):
        assert time.monotonic() < until, (width, found)
        page.wait_for_timeout(200)
