"""Text from strangers, in titles and in links, is shown as it is and does nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from snnviz.design import links
from snnviz.jobs.immediate import Immediate
from snnviz.jobs.local import Local
from snnviz.store import Store
from snnviz.ui.kit.words import JOINER
from tests.browser.conftest import APPS, ROOT
from tests.conftest import MakeDesign
from tests.strangers import TEXTS

pytestmark = pytest.mark.browser

TITLE = "<b>mine</b> **bold** $x$ http://evil.example"


def test_what_strangers_write_is_shown_as_it_is(serve: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(serve(APPS / "words.py"))
    boxes = page.get_by_test_id("stMarkdownContainer")
    expect(boxes).to_have_count(2 * len(TEXTS))
    assert [text.replace(JOINER, "") for text in boxes.all_inner_texts()] == [text for text in TEXTS for _ in "12"]
    assert boxes.locator("a, code, ul, ol, hr, h1, img, table, span, input, em, del, blockquote").count() == 0


def test_the_page_shows_titles_and_links_as_they_are(
    serve: Callable[..., str], visit: Callable[..., Page], tmp_path: Path, tiny: MakeDesign
) -> None:
    store = Store(tmp_path / "runs.sqlite")
    runs = [Immediate(store).submit(tiny(seed)).run for seed in (1, 2)]
    store.rename(runs[0], TITLE)
    dashboard = serve(ROOT / "app.py", SNNVIZ_CACHE=str(tmp_path))
    page = visit(f"{dashboard}/design?{links.to_query(tiny(1))}")
    head = page.get_by_test_id("stMarkdownContainer").filter(has_text="mine")
    expect(head).to_be_visible()
    assert head.inner_text().replace(JOINER, "").startswith(f"{TITLE} (digits")
    assert head.locator("b, a, .katex").count() == 0

    page = visit(f"{dashboard}/design?seed={quote('**1** [x](http://evil.example) <i>')}")
    alert = page.get_by_role("alert").filter(has_text="seed must")
    expect(alert).to_contain_text("got '**1** [x](http:")
    expect(alert).to_contain_text("evil.example) <i>'. The default design is shown instead.")
    assert alert.locator("a, i, b").count() == 0
    Local(store).stop()
    store.close()
