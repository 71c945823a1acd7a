"""The Trade-offs page: its link, its views, and what of the page says what."""

from __future__ import annotations

import pytest

from tests.pages.visit import by_link


@pytest.mark.parametrize("view", ["ask", "compare", "weigh"])
def test_a_link_opens_experiment_and_view(view: str) -> None:
    link = "network.channels=4&vary.1=neuron.threshold=0.5,1&vary.2=init=kaiming,glorot&vary.seeds=2"
    visit = by_link("tradeoffs", f"{link}&view={view}")
    assert visit.errors == []
    assert visit.link == link + f"&view={view}" * (view != "ask")
