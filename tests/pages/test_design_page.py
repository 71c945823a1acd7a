"""The design page: the form, the link, the preview, and a training from the press of a button to its cached result."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.design import cells, links
from snnviz.design.design import Design
from snnviz.design.menus import INITS
from snnviz.events import Checkpoint
from snnviz.graph.ttfs import ttfs_network
from snnviz.graph.twins import ann_twin
from snnviz.jobs import machine
from snnviz.store import Run
from snnviz.theory import costs
from snnviz.ui.design import form
from snnviz.ui.kit import linked, services
from snnviz.views.numbers import count
from tests.conftest import MakeDesign
from tests.pages.visit import Visit


def test_a_first_visit_shows_the_default_design_ready_to_train() -> None:
    visit = Visit()
    assert visit.design == Design()
    assert visit.errors == []
    assert visit.link == ""
    assert visit.component("snnviz_block_editor")["edges"] == [list(row) for row in Design().network.edges]  # type: ignore[union-attr]
    assert [metric.value for metric in visit.at.metric][:2] == [
        count(costs.parameter_count(Design())),
        count(costs.macs_per_step(Design())),
    ]
    assert visit.at.button("train").label == "Train"
    assert [box.label for box in visit.at.expander] == ["Layers", "Does it fit a chip?"]
    assert len(visit.at.dataframe) == 0  # the table is made when somebody opens it
    assert "Press **Train**" in visit.text


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_link_gives_its_design(name: str) -> None:
    visit = Visit(links.to_query(get_example(name)))
    assert visit.design == get_example(name)
    assert visit.link == links.to_query(get_example(name))
    assert visit.errors == []


def choose(visit: Visit, path: str) -> Any:
    """Give the widget of `path` another value, and return what the design must hold then."""
    widget = visit.widget(path)
    if isinstance(widget.value, str) and not hasattr(widget, "options"):
        visit.put(path, "1,2")
        return "1,2"
    if not hasattr(widget, "options"):
        now = widget.value or 0  # an empty field is 0
        value = now + (widget.step if now + widget.step <= widget.max else -widget.step)
        visit.put(path, value)
        return value
    before = visit.design
    titles = list(widget.options)
    place = next(place for place in range(len(titles)) if place != titles.index(shown(widget)))
    widget.select_index(place) if hasattr(widget, "select_index") else widget.set_value(titles[place])
    visit.look()
    assert visit.design != before
    return links.flatten(visit.design)[path]


def shown(widget: Any) -> str:
    """The label of the option that a menu stands at."""
    value: str = widget.value if widget.value in widget.options else widget.format_func(widget.value)
    return value


@pytest.mark.parametrize("kind", ["block", "mlp", "cnn", "vgg", "cell"])
def test_every_widget_changes_its_field_and_the_link(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "_offered", lambda _: True)
    start = links.change(Design(), {"network.kind": kind, "training.shortcut.schedule": "linear"})
    of_events = {path for path in links.flatten(start) if path.startswith("data.events.")} | {"data.augment.drop"}
    expected = set(links.flatten(start)) - {"network.edges", "network.cell"} - of_events
    expected -= {path for path in expected if path.startswith("ttfs.")}
    visit = Visit(links.to_query(start))
    assert {path for section in form.SECTIONS for path in visit.open(section).widgets} == expected
    for path in sorted(
        expected - {"network.kind", "network.code", "neuron.kind"}, key=lambda path: (path.endswith("kind"), path)
    ):
        before = links.flatten(visit.design)
        value = choose(visit, path)
        after = links.flatten(visit.design)
        assert after[path] == pytest.approx(value) if isinstance(value, float) else after[path] == value, path
        prefix = path.removesuffix("kind")
        for other in before.keys() & after.keys() - {path}:
            if not (path.endswith(".kind") and other.startswith(prefix)):
                assert after[other] == before[other], (path, other)
        assert visit.errors == []
        assert links.from_query(visit.link) == visit.design
        assert visit.link != links.to_query(start)
        widget = visit.widget(path)
        assert widget.value == after[path] if not hasattr(widget, "options") else shown(widget), path


def test_a_vgg_is_chosen_in_a_small_size_and_drawn_stage_by_stage() -> None:
    visit = Visit()
    visit.put("network.kind", "vgg")
    assert visit.design.network == get_example("vgg-digits").network
    visit.put("network.stages", 2).put("network.pooling", "average")
    parts = visit.component("snnviz_flow")["parts"]
    assert [part["name"] for part in parts] == ["image", "stage 1", "stage 2", "hidden", "readout (output layer)"]
    assert [part["shape"] for part in parts] == ["1 × 8×8", "16 × 4×4", "32 × 2×2", "128", "10"]
    assert parts[1]["inside"] == "2 × conv 3×3, LIF, average pool 2"
    visit.open("Neuron").put("neuron.kind", "relu")
    assert visit.component("snnviz_flow")["parts"][1]["inside"] == "2 × conv 3×3, ReLU, average pool 2"
    assert visit.errors == []


def test_relu_makes_it_the_ann_twin_and_lif_what_it_was_before() -> None:
    start = links.change(Design(), {"data.steps": 7, "neuron.beta": 0.9, "training.loss": "count"})
    visit = Visit(links.to_query(start))
    visit.open("Neuron").put("neuron.kind", "relu")
    assert visit.design == ann_twin(start)
    assert links.from_query(visit.link) == visit.design
    assert "without spikes" in visit.text + " ".join(box.value for box in visit.at.success)
    visit.put("neuron.learn", "beta")
    assert visit.errors == ["ReLUs have neither leak nor threshold that could be learnt."]
    visit.put("neuron.kind", "lif")
    assert visit.design == start
    assert visit.errors == []


def test_ttfs_is_another_way_to_tell_and_rate_what_it_was_before() -> None:
    start = links.change(Design(), {"network.kind": "mlp", "data.steps": 7, "training.shortcut.schedule": "linear"})
    visit = Visit(links.to_query(start)).open("Network").put("network.code", "ttfs")
    assert visit.design == ttfs_network(start)
    assert "told by at most one spike a neuron" in visit.text + " ".join(box.value for box in visit.at.success)
    visit.open("Training").put("ttfs.penalty", 0.5)
    assert links.from_query(visit.link) == visit.design
    visit.open("Network").put("network.kind", "cnn")
    assert (visit.design.network.kind, visit.design.network.code) == ("cnn", "ttfs")
    visit.put("network.kind", "resnet18")
    assert visit.design.network.kind == "cnn"
    assert "in a row: an mlp, a cnn, a vgg or a block without skips, not resnet18" in visit.errors[0]
    visit.put("network.kind", "mlp").put("network.code", "rate")
    assert visit.design == start
    visit.put("network.code", "ttfs").open("Neuron").put("neuron.kind", "lif")
    assert visit.design == start
    assert visit.errors == []


def test_a_backward_connection_keeps_its_spikes() -> None:
    visit = Visit("network.edges=000/000/020")
    visit.open("Neuron").put("neuron.kind", "relu")
    assert visit.design.neuron.kind == "lif"
    assert "no backward connections" in visit.errors[0]


def test_a_trained_twin_shows_no_rate(trained: Callable[..., Run], tiny: MakeDesign) -> None:
    run = trained(ann_twin(tiny()))
    visit = Visit(links.to_query(run.design))
    assert {metric.label: metric.value for metric in visit.at.metric}["Firing rate"] == "–"
    assert visit.errors == []


def test_the_first_tab_has_no_menu_whose_code_a_first_visit_would_wait_for() -> None:
    for kind in ("block", "mlp", "cnn", "vgg"):
        assert len(Visit(f"network.kind={kind}").at.selectbox) == 0


@pytest.mark.parametrize("can", [True, False])
def test_bfloat16_is_offered_where_the_processor_has_it(can: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "has_bfloat16", lambda: can)
    monkeypatch.setattr(form, "_offered", form._offered.__wrapped__)
    assert ("bfloat16" in Visit().widget("training.precision").options) is can
    linked = Visit("training.precision=bfloat16")  # a link may hold it anywhere; here only training it is refused
    assert linked.widget("training.precision").value == "bfloat16"
    assert linked.errors == []
    if not can:
        linked.press("train")
        assert linked.errors == ["Precision must be float32 on a machine whose processor lacks bfloat16, not bfloat16."]


def test_batch_normalisation_and_backward_connections_exclude_each_other_in_a_sentence() -> None:
    visit = Visit("network.edges=000/000/010")
    visit.put("network.norm", "batch")
    assert visit.errors == ["Normalisation must be none in a block with backward connections, not batch."]
    assert visit.link == "network.edges=000/000/010"
    assert visit.widget("network.norm").value == "none"


def test_every_initialisation_can_be_chosen_and_says_what_it_is() -> None:
    visit = Visit()
    for place, entry in enumerate(INITS):
        visit.widget("init.kind").select_index(place)
        visit.look()
        assert visit.design.init.kind == entry.kind
        assert entry.title in visit.text
        assert entry.source in visit.text
        if entry.formula:
            assert [latex.value.strip("$\n") for latex in visit.at.latex] == [entry.formula]
        assert {path for path in visit.widgets if path.startswith("init.")} == {
            "init.kind",
            *(f"init.{parameter.name}" for parameter in entry.parameters),
        }


def test_another_kind_of_network_starts_at_its_defaults_and_the_first_comes_back_as_it_was() -> None:
    visit = Visit("network.edges=0012/0001/0000/0000&network.channels=8&seed=5")
    drawn = visit.design.network
    visit.put("network.kind", "mlp")
    assert visit.design == links.change(Design(), {"network.kind": "mlp", "seed": 5})
    assert visit.component("snnviz_block_editor") is None
    visit.put("network.width", 50).put("network.kind", "block")
    assert visit.design.network == drawn
    assert visit.component("snnviz_block_editor")["edges"] == [[0, 0, 1, 2], [0, 0, 0, 1], [0] * 4, [0] * 4]
    visit.put("network.kind", "mlp")
    assert links.flatten(visit.design)["network.width"] == 50
    assert visit.design.seed == 5


def test_a_cleared_number_field_keeps_the_designs_value() -> None:
    visit = Visit("neuron.threshold=0.8")
    visit.put("neuron.threshold", None)
    assert visit.errors == []
    assert visit.link == "neuron.threshold=0.8"
    visit.put("neuron.threshold", 0.9).put("neuron.threshold", None)
    assert visit.errors == []
    assert visit.link == f"neuron.threshold={visit.widget('neuron.threshold').value}"


def test_a_number_that_no_widget_would_send_changes_nothing() -> None:
    for wrong in (-1.0, 1e300, math.nan):
        visit = Visit("neuron.threshold=0.8")
        visit.put("neuron.threshold", wrong)
        assert visit.link == "neuron.threshold=0.8"


def test_a_design_changed_while_it_is_watched_says_so_and_can_be_restored(
    tiny: MakeDesign, trained: Callable[..., Run]
) -> None:
    run = trained(tiny())
    visit = Visit(links.to_query(run.design))
    visit.put("neuron.threshold", 0.5)
    assert "The editor now holds another design: Threshold θ 0.5 instead of 1." in visit.text.replace("\\", "")
    visit.press("restore")
    assert visit.design == run.design
    assert "another design" not in visit.text


def test_a_cell_can_be_chosen_in_any_state_of_the_form() -> None:
    """Of ReLUs too, which backward connections are refused: the cell is then a forward one."""
    visit = Visit()
    visit.open("Network").put("network.kind", "cell")
    assert visit.design.network == Design.check({"network": {"kind": "cell"}}).network
    assert visit.errors == []
    visit = Visit("neuron.kind=relu&data.steps=1")
    visit.open("Network").put("network.kind", "cell")
    assert visit.design.neuron.kind == "relu"
    assert cells.summary(visit.design.network.cell) == "6 forward: 6 conv 3x3"  # type: ignore[union-attr]
    assert visit.errors == []


def test_a_run_that_was_stopped_goes_on_from_the_epoch_that_is_kept(tiny: MakeDesign) -> None:
    store, design = services.store(), tiny(4)
    store.submit(design)
    claim = store.claim("somebody")
    assert claim is not None
    for epoch in (1, 2):
        store.save_checkpoint(claim.run, claim.attempt, Checkpoint(epoch, {"weight": np.zeros(2)}))
    store.finish(claim.run, claim.attempt, "cancelled")
    assert Visit(links.to_query(design)).at.button("train").label == "Go on from epoch 3"


def test_a_run_that_is_deleted_while_it_is_watched_is_said_to_be(tiny: MakeDesign) -> None:
    store, design = services.store(), tiny(5)
    store.submit(design)
    visit = Visit(links.to_query(design))
    assert "in the queue" in visit.text
    store.delete(design.digest)
    services.CACHE.clear()
    visit.look()
    assert "has been deleted" in visit.text
    assert visit.design == design
    assert visit.at.button("train").label == "Train"


def test_a_run_that_waits_says_its_place_and_when_it_starts(tiny: MakeDesign) -> None:
    store = services.store()
    for seed in range(30):
        store.submit(tiny(seed))
    services.QUEUES.clear()
    visit = Visit(links.to_query(tiny(28)))
    assert re.search(r"29th in the queue, about \d+ (s|min)", visit.at.get("progress")[0].proto.text)  # type: ignore[attr-defined]
    visit = Visit(links.to_query(tiny(0)))
    assert "Next in the queue" in visit.at.get("progress")[0].proto.text  # type: ignore[attr-defined]


def test_all_samples_are_an_empty_field_that_says_so() -> None:
    visit = Visit()
    field = visit.widget("data.train_samples")
    assert (field.value, field.placeholder, field.label) == (None, "all", "Training images")
    visit.put("data.train_samples", 300)
    assert visit.design.data.train_samples == 300
    visit.put("data.train_samples", None)
    assert (visit.design, visit.link) == (Design(), "")
    visit.put("data.train_samples", 0)
    assert visit.widget("data.train_samples").value is None


def test_back_edits_what_the_address_says_but_not_from_another_page(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Visit("seed=3")
    visit.put("seed", 4)
    monkeypatch.setattr(linked, "get_script_run_ctx", lambda: SimpleNamespace(is_history_navigation=True))
    visit.look()  # AppTest's address is still that of the beginning
    assert visit.design == Design(seed=3)
    visit.at.query_params["seed"] = "many"
    visit.look()
    assert visit.design == Design(seed=3)
    assert "The design stays as it is" in visit.errors[0]
    visit.at.query_params["seed"] = "5"
    visit.at.session_state["page"] = "runs"
    visit.look()
    assert visit.design == Design(seed=3)


def test_a_run_that_ends_while_the_page_is_drawn_has_the_button_of_an_ended_one(
    tiny: MakeDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = Visit(links.to_query(tiny(31)))
    visit.press("train")
    assert visit.at.button("train").label == "Watch its training"
    read, run = services.run_and_version, visit.design.digest

    def ends_after_the_first_look(name: str) -> object:
        found = read(name)
        if not services.store().get(run).ended:
            services.store().cancel(run)
            services.CACHE.clear()
        return found

    services.CACHE.clear()
    monkeypatch.setattr(services, "run_and_version", ends_after_the_first_look)
    visit.look()
    assert ":orange-badge[:material/cancel: cancelled]" in visit.text
    assert visit.at.button("train").label == "Train"
