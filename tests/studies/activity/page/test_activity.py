"""The activity page: the setting, its link, the figures, and the way from a design and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from snnviz.catalog.inits import parse_init
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.design.menus import INITS
from snnviz.design.registry import Entry
from snnviz.errors import InputError
from snnviz.graph.twins import ann_twin
from snnviz.studies.activity.page.setting import SETTING, design_point, setting_of_design, typical_layer
from snnviz.studies.activity.page.words import verdict
from snnviz.studies.activity.theory.activity import ActivityConfig, LayerStatistics
from snnviz.studies.activity.theory.propagation import propagate_activity
from snnviz.ui.kit.lru import LruCache
from tests.designs import attempt
from tests.pages.conftest import using
from tests.pages.visit import Look, Visit
from tests.strangers import TEXTS

SMALL = {"width": "50", "layers": "10", "seeds": "2"}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One empty store for all visits."""
    with using(tmp_path_factory.mktemp("cache")) as folder:
        yield folder


def test_a_first_visit_shows_the_eight_initialisations_and_a_sentence() -> None:
    look = Look()
    assert look.setting == ActivityConfig()
    assert look.told == []
    assert look.link == ""
    assert "At threshold 1, spikes reach layer 99 under **variance preserving** and **fluctuation driven**" in look.text
    assert "**kaiming** and **ding 2022** from layer 3 on" in look.text
    shown = [slider["name"] for slider in look.component("snnviz_sliders")["sliders"]]
    assert shown[:6] == ["threshold", "beta", "width", "layers", "steps", "seeds"]
    assert len(shown) == 6 + sum(len(INITS[init.kind].parameters) for init in ActivityConfig().inits)
    named = {trace["name"] for trace in look.curves[0] if trace.get("name")}
    assert {init.kind.replace("-", " ") for init in ActivityConfig().inits} <= named


def test_a_link_gives_its_setting_and_its_figure() -> None:
    link = "threshold=0.8&layers=30&steps=3&reset=zero&input=fresh&seed=5&inits=kaiming:gain=3,reset-aware"
    one, two = Look(link), Look(link)
    assert one.told == []
    assert one.setting == ActivityConfig.check(dict(part.split("=", 1) for part in link.split("&")))
    assert SETTING.from_link(dict(part.split("=", 1) for part in one.link.split("&"))) == one.setting
    assert one.curves == two.curves
    assert one.curves != Look(link.replace("seed=5", "seed=6")).curves
    assert one.design == Design()  # the link's threshold is not the design's


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"threshold": "high"}, "threshold must be a number from 0 to 4, got 'high'"),
        ({"threshold": "nan"}, "threshold must be a number from 0 to 4, got nan"),
        ({"width": "1e9"}, "width must be a whole number from 10 to 4096, got 1000000000.0"),
        ({"reset": "soft"}, "reset must be one of subtract, zero, none, got 'soft'"),
        ({"inits": ""}, "inits.kind must be one of"),
        ({"inits": "kaming"}, "did you mean 'kaiming'?"),
        ({"inits": "kaiming:gain=x"}, "inits.gain must be a number, got 'x'"),
        ({"inits": "glorot,kaiming:gain=99"}, "inits.gain must be a number from 0.1 to 20, got 99"),
        ({"treshold": "1"}, "did you mean 'threshold'?"),
        ({"neuron.threshold": "1"}, "neuron.threshold must be a field of an activity setting"),
        (
            {"steps": "100", "width": "4096", "layers": "200"},
            "neurons x layers x steps x initialisations must be at most about 200,000,000",
        ),
        ({"seed": "1" * 9000}, "link must be at most 8,192 characters long"),
    ],
)
def test_a_bad_link_is_one_sentence_and_the_default_figure(query: dict[str, str], sentence: str) -> None:
    look = Look(query)
    assert len(look.told) == 1
    assert sentence in look.told[0]
    assert look.told[0].endswith("The default setting is shown instead.")
    assert look.setting == ActivityConfig()
    assert look.link == ""
    assert look.curves


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from([*ActivityConfig.model_fields, "x", "neuron.beta"]),
        st.one_of(st.text(max_size=30), st.integers(-5, 300).map(str), st.floats().map(str), st.sampled_from(TEXTS)),
        max_size=3,
    )
)
@example({"inits": ",".join(["kaiming"] * 40)})
@example({"inits": "kaiming:" * 50})
def test_any_parameters_are_a_setting_or_a_sentence(query: dict[str, str]) -> None:
    look = Look({**SMALL, **query})
    setting = attempt(SETTING.from_link, {**SMALL, **query})
    if isinstance(setting, InputError):
        assert look.setting == ActivityConfig()
        end = "" if str(setting).endswith("?") else "."
        assert look.told == [" ".join(f"{setting}{end} The default setting is shown instead.".split())]
    else:
        assert look.setting == setting
        assert look.told == []


def test_fewer_seeds_than_asked_for_are_told() -> None:
    assert (
        "of 100 networks of each initialisation are drawn to answer within two seconds"
        in Look("seeds=100&inits=glorot,zenke-2021&layers=200&width=100&steps=100").text
    )


@pytest.mark.parametrize(
    "section", ["Why does it die?", "What is told apart?", "Over time", "Shape of u", "Thresholds", "Width"]
)
@pytest.mark.parametrize("steps", ["1", "4"])
def test_every_tab_can_be_opened(section: str, steps: str) -> None:
    charts = {
        "Why does it die?": ["survival", "cobweb", "dead"],
        "What is told apart?": ["alike", "left", "depth-scale", "gradient"],
        "Over time": ["time_var", "time_spikes"],
        "Shape of u": ["density", "skewness", "excess"],
        "Thresholds": ["thresholds"],
        "Width": ["widths", "width_var"],
    }[section]
    look = Look({**SMALL, "steps": steps, "inits": "variance-preserving,lee-2016"}).open(section)
    assert look.told == []
    if section == "Over time" and steps == "1":
        look.press("more-steps")
        assert look.setting.steps == 20
    for name in charts:
        assert look.chart(name)["traces"], name


def test_what_the_initialisations_are_is_read_from_the_registry() -> None:
    look = Look(SMALL)
    assert "A reconstruction" not in look.text
    look.at.session_state["activity-glossary"] = True
    look.look()
    for entry in INITS:
        assert entry.title in look.text
    assert "A reconstruction" in look.text


def test_a_new_initialisation_appears_by_itself() -> None:
    @INITS.register(source="a test", formula="1/n")
    def made_up(fan_in: int, fan_out: int, neuron: object, /) -> float:  # noqa: ARG001
        """Made up for a test."""
        return 5 / fan_in

    try:
        look = Look({**SMALL, "inits": "made-up,glorot"})
        assert look.told == []
        assert any("made up" in option for option in look.widgets["inits"].options)
        assert "made up" in {trace.get("name") for trace in look.curves[0]}
    finally:
        INITS.remove("made-up")


def test_the_initialisation_looked_at_goes_to_the_design_with_its_neuron() -> None:
    look = Look("threshold=0.7&beta=0.9&reset=zero&steps=4&width=50&layers=9&inits=glorot,kaiming:gain=3")
    look.widgets["looked"].select_index(1)
    look.look()
    look.press("use")
    wanted = {
        "neuron.threshold": 0.7,
        "neuron.beta": 0.9,
        "neuron.reset": "zero",
        "data.steps": 4,
        "init.kind": "kaiming",
        "init.gain": 3,
    }
    assert look.design == links.change(Design(), wanted)
    assert look.component("snnviz_block_editor") is not None  # on the Design page
    assert look.link == links.to_query(look.design)


def test_a_design_is_opened_here_and_is_still_itself_afterwards() -> None:
    visit = Visit("network.kind=mlp&network.width=300&network.depth=5&neuron.threshold=0.6&init.kind=kaiming")
    before = visit.design
    visit.go("activity")
    assert visit.at.error.values == []
    assert visit.at.session_state["setting"] == ActivityConfig()  # the design's link is no setting
    visit.press("bring")
    wanted = ActivityConfig.check({"threshold": 0.6, "width": 300, "layers": 6, "steps": 5})
    shown = visit.at.session_state["setting"]
    assert shown.model_copy(update={"inits": wanted.inits}) == wanted
    assert shown.inits[0].kind == "kaiming"
    assert set(shown.inits) == set(wanted.inits)
    visit.go("design")
    assert visit.design == before
    assert visit.errors == []


def test_the_design_page_leads_here_with_its_design() -> None:
    visit = Visit("network.kind=mlp&network.width=300&neuron.threshold=0.6")
    visit.press("see-activity")
    shown = visit.at.session_state["setting"]
    assert (shown.width, shown.threshold, shown.layers) == (300, 0.6, 100)
    assert visit.link == SETTING.to_link(shown)


@pytest.mark.parametrize("kind", ["block", "mlp", "cnn"])
def test_a_design_is_a_point_of_the_map(kind: str) -> None:
    design = links.change(Design(), {"network.kind": kind, "neuron.threshold": 0.8, "init.kind": "kaiming"})
    gain, threshold, name = design_point(design)
    assert gain == pytest.approx(2.0)
    assert threshold == 0.8
    assert name == "your design, kaiming"
    assert setting_of_design(design).width == max(10, typical_layer(design).fan_in)


def test_the_smallest_and_the_largest_design_fit_into_a_setting() -> None:
    smallest = {"network.kind": "mlp", "network.width": 1, "network.depth": 1, "neuron.threshold": 10}
    for changes in (smallest, {"network.kind": "mlp", "network.width": 4096, "network.depth": 200}):
        setting = setting_of_design(links.change(Design(), changes))
        assert setting.affordable()
        assert propagate_activity(setting.model_copy(update={"layers": 2, "seeds": 1}))


def trace(kind: str, spikes: list[list[int]]) -> LayerStatistics:
    counts = np.array(spikes, np.float32)[:, :, None]
    return LayerStatistics(parse_init(kind), np.zeros(1), counts, counts, None, None, None, None)


def test_the_sentence_says_who_is_silent_and_from_where_on() -> None:
    setting = ActivityConfig(layers=4, threshold=0.5)
    alive, weak = trace("glorot", [[9, 9, 9, 9]] * 2), trace("kaiming:gain=3", [[9, 9, 0, 0], [9, 9, 9, 9]])
    dead = trace("lee-2016", [[9, 9, 0, 0], [9, 0, 0, 0]])
    assert verdict(setting, [alive]) == "At threshold 0.5, spikes reach layer 3 under **glorot**."
    assert verdict(setting, [alive, weak]) == (
        "At threshold 0.5, spikes reach layer 3 under every initialisation shown, "
        "though not always: **kaiming, gain 3** (1 of 2 networks)."
    )
    assert verdict(setting, [weak, dead]) == (
        "At threshold 0.5, spikes reach layer 3 under **kaiming, gain 3** (1 of 2 networks). "
        "Silent: **lee 2016** from layer 2 on."
    )
    assert (
        verdict(setting, [dead]) == "At threshold 0.5, no spike reaches layer 3. Silent: **lee 2016** from layer 2 on."
    )


def test_lines_that_lie_on_each_other_are_named() -> None:
    """`ding-2022` is `kaiming` at threshold 1 and not elsewhere; square layers make `glorot` and `bellec-2018` one."""
    kinds = ("kaiming", "ding-2022", "glorot", "bellec-2018", "lee-2016")
    some = [trace(kind, [[9, 9, 9, 9]] * 2) for kind in kinds]
    said = verdict(ActivityConfig(layers=4, threshold=1), some)
    assert said.endswith("The same law of weights here, so one line: kaiming and ding 2022; glorot and bellec 2018.")
    drawn = propagate_activity(
        ActivityConfig.check({"inits": "kaiming,ding-2022", "width": 50, "layers": 3, "seeds": 2, "steps": 3})
    )
    assert np.array_equal(drawn[0].var_u, drawn[1].var_u)
    assert "ding" not in verdict(ActivityConfig(layers=4, threshold=0.9), some).partition("The same law")[2]
    assert "The same law" not in verdict(ActivityConfig(layers=4, threshold=0.9), some[:2])


def test_results_that_nobody_asks_for_are_let_go() -> None:
    kept: LruCache[str] = LruCache(10, len)
    for key in "abc":
        assert kept.get_or_make(key, lambda: "x" * 4) == "xxxx"
        kept.get("a")
    assert kept.get("a")
    assert kept.get("b") is None
    kept.put("large", "x" * 99)
    assert kept.get("large")
    assert kept.get("a") is None


def test_entries_have_what_the_page_shows() -> None:
    entries: list[Entry[Any]] = list(INITS)
    assert all(entry.title and entry.source for entry in entries)


def test_an_ann_twin_gets_spikes_when_the_setting_is_used_for_it() -> None:
    twin = ann_twin(Design())
    visit = Visit(links.to_query(twin))
    visit.go("activity")
    visit.press("use")
    assert (visit.design.neuron.kind, visit.design.data.steps) == ("lif", ActivityConfig().steps)
    assert visit.design.network == twin.network
