"""Whatever stands in the address, the page is a page: a design, or one sentence and the default design.

What reading a link may take is processor time, of which others on this machine take nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnviz.design.design import Design
from snnviz.design.links import MAX_QUERY_LENGTH, from_query
from snnviz.errors import InputError
from snnviz.graph.nearest import IncompatibleDesign
from snnviz.studies.ttfs.page import ttfs
from snnviz.studies.ttfs.page.setting import USUAL
from snnviz.ui.kit.words import as_sentence
from tests.designs import DESIGNS, attempt, broken_links
from tests.pages.conftest import using
from tests.pages.visit import Visit, by_link
from tests.strangers import TEXTS

PARSING_SECONDS = 0.2


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One empty store for all visits."""
    with using(tmp_path_factory.mktemp("cache")) as folder:
        yield folder


@pytest.fixture(scope="module")
def usual() -> float:
    """Seconds of processor time that the page takes for the default design, once it is warm."""
    return sorted(cost("")[0] for _ in range(5))[2]


def cost(query: str | dict[str, str]) -> tuple[float, Visit]:
    begin = time.process_time()
    visit = Visit(query)
    return time.process_time() - begin, visit


def check(query: dict[str, str], usual: float) -> None:
    """The page shows the link's design, or the sentence for it and the default design, in no more than its time."""
    spent, visit = cost(query)
    design = attempt(from_query, query)
    if isinstance(design, InputError):
        for _ in range(4):  # something else in this process, or the link? Then again.
            if spent < usual + PARSING_SECONDS:
                break
            spent = cost(query)[0]
        assert spent < usual + PARSING_SECONDS
        assert visit.design == Design()
        assert visit.link == ""
        said = (
            f"{design.why}." if isinstance(design, IncompatibleDesign) else as_sentence(design)
        )  # the nearest is a button
        assert visit.errors == [" ".join(f"{said} The default design is shown instead.".split())]
    else:
        assert visit.design == design
        assert visit.errors == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(broken_links())
def test_a_broken_link_is_one_sentence_and_the_default_design(usual: float, case: tuple[str, dict[str, str]]) -> None:
    check(case[1], usual)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(max_size=20), st.text(max_size=60), max_size=4))
def test_any_parameters_are_a_design_or_a_sentence(usual: float, query: dict[str, str]) -> None:
    check(query, usual)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DESIGNS)
def test_every_design_can_be_shown(design: Design) -> None:
    if design.data.steps * getattr(design.network, "depth", 1) > 2000:
        return  # its forecast takes a while
    visit = Visit()
    visit.at.session_state["design"] = design
    visit.look()
    assert visit.design == design
    assert from_query(visit.link) == design


@pytest.mark.parametrize("text", TEXTS)
def test_a_strangers_text_in_a_link_is_shown_as_it_is(usual: float, text: str) -> None:
    check({"seed": text}, usual)
    check({text: "1"}, usual)


@pytest.mark.parametrize("length", [MAX_QUERY_LENGTH, 100_000])
def test_a_long_link_is_refused_without_being_read(usual: float, length: int) -> None:
    check({"seed": "1" * length}, usual)
    check({"x" * length: "1"}, usual)


def test_streamlit_ignores_what_no_browser_sends() -> None:
    assert Visit({"seed": "1" * 5_000_000}).design == Design()


def test_a_repeated_parameter_counts_once() -> None:
    assert Visit("seed=1&seed=2").design.seed == 2


def test_a_sentence_goes_when_something_is_changed() -> None:
    visit = Visit("sed=1")
    assert visit.errors
    visit.put("seed", 4)
    assert visit.errors == []
    assert visit.link == "seed=4"


TTFS = st.sampled_from(
    ["view", "study.zeta", "study.slopes", "study.neurons", "study.image", "study.low", "limits.axis"]
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(TTFS | st.text(max_size=20), st.text(max_size=60) | st.integers().map(str), max_size=4))
def test_the_ttfs_page_takes_any_parameters(query: dict[str, str]) -> None:
    """The link's networks, or the sentence for it and the usual ones."""
    visit, found = by_link("ttfs", query), attempt(ttfs.from_link, query)
    problem = visit.at.session_state["ttfs_link_problem"]
    if isinstance(found, InputError):
        assert problem == f"{as_sentence(found)} The {USUAL} is shown instead."
        assert len(visit.at.error) == 1
    else:
        assert problem == ""
        assert (visit.at.session_state["ttfs_design"], visit.at.session_state["ttfs"]) == found[:2]


ABSENT = "own-0123456789ab"


@pytest.mark.parametrize("page", ["", "data"])
@pytest.mark.parametrize("name", [ABSENT, f"{ABSENT}-saccades"])
def test_a_link_to_an_own_set_that_is_not_here_keeps_the_rest_of_the_design(page: str, name: str) -> None:
    visit = (
        by_link(page, f"data.name={name}&network.kind=mlp&network.width=33&data.steps=9")
        if page
        else Visit(f"data.name={name}&network.kind=mlp&network.width=33&data.steps=9")
    )
    (sentence,) = visit.errors
    assert sentence.startswith(f"The data set {name} is not on this machine: upload it, and it has this name.")
    assert (visit.design.network.kind, visit.design.data.steps, visit.design.data.name) == ("mlp", 9, "digits")
    assert "network.width=33" in visit.link


def test_how_events_are_seen_is_kept_with_simulated_recordings() -> None:
    visit = Visit(f"data.name={ABSENT}&data.events.downsample=2")
    assert (visit.design.data.name, visit.design.data.events.downsample) == ("digits-saccades", 2)
    assert len(visit.errors) == 1


@pytest.mark.parametrize(("page", "state"), [("skips", "sweep"), ("activity", "setting")])
def test_settings_of_other_pages_keep_the_rest_too(page: str, state: str) -> None:
    visit = by_link(page, f"data={ABSENT}&steps=7")
    assert any(f"The data set {ABSENT} is not on this machine" in sentence for sentence in visit.errors)
    assert visit.at.session_state[state].steps == 7
