"""The pages of the navigation."""

from __future__ import annotations

from snnviz.ui import navigation


def test_runs_at_the_same_time_share_no_page() -> None:
    """Streamlit notes on a page that it is the one to run, and that it has run: another run's would fail."""
    navigation._pages.cache_clear()
    try:
        one, two = navigation.pages(), navigation.pages()
        assert [*one] == [*two]
        assert not {id(page) for pages in one.values() for page in pages} & {
            id(page) for pages in two.values() for page in pages
        }
    finally:
        navigation._pages.cache_clear()  # which were made outside of a run
