"""The view Compare: which two, their figures, more seeds, until decided; and every other group against one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from scipy.stats import ttest_rel

from snnviz.design.design import Design
from snnviz.design.experiment import Experiment
from snnviz.design.links import change, to_query
from snnviz.store import Store
from snnviz.studies.tradeoffs.comparing import Comparing, same_group
from snnviz.studies.tradeoffs.page.comparing import COMPARING, LOOKING
from snnviz.ui.kit import services
from tests.conftest import MakeDesign
from tests.pages.visit import Visit, by_link
from tests.studies.tradeoffs.command.test_comparing import asked_of as pooled_of
from tests.studies.tradeoffs.command.test_comparing import end_with
from tests.studies.tradeoffs.command.test_comparing import fill as fill_all


def asked_of(tiny: MakeDesign, *levels: float) -> Experiment:
    return Experiment(base=tiny(), vary=(f"training.learning_rate={','.join(f'{one:g}' for one in levels)}",), seeds=3)


def fill(design: Design, right: Sequence[int]) -> None:
    """Runs of a design that tell so many of 50 images right, a seed each."""
    for seed, many in enumerate(right):
        end_with(services.store(), design.model_copy(update={"seed": seed}), many)


def comparing(visit: Visit) -> Comparing:
    found: Comparing = visit.at.session_state[COMPARING.name]
    return found


def figures(visit: Visit, key: str) -> dict[str, Any]:
    return {chart["id"]: chart for chart in visit.component("snnviz_charts", key)["charts"]}


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store, at which nobody works."""
    store = services.store()
    monkeypatch.setattr(services, "engine", lambda: store)
    return store


@pytest.fixture
def compared(tiny: MakeDesign) -> Visit:
    """Two groups of an experiment at three seeds."""
    asked = asked_of(tiny, 0.01, 0.02)
    first, second = asked.groups().values()
    fill(first, (30, 32, 31))
    fill(second, (34, 35, 36))
    return by_link("tradeoffs", f"{asked.to_query()}&view=compare")


def test_two_groups_of_the_experiment_are_compared_by_seed(compared: Visit) -> None:
    assert compared.errors == []
    said = compared.text.replace("\\", "")
    assert "Test accuracy: B is better by 8.0 points (95 %: 3.0 to 13.0; 3 seeds)." in said
    assert "The two disagree on 12 of 150 test images" in said
    drawn = figures(compared, "compare-differences")
    assert list(drawn)[:3] == ["compare_accuracy", "compare_loss", "compare_rate"]
    dots, mean = drawn["compare_accuracy"]["traces"]
    assert (dots["x"], dots["y"]) == (["0", "1", "2"], pytest.approx([8, 6, 10]))
    assert mean["y"] == pytest.approx([8])
    assert mean["error_y"]["array"] == pytest.approx([4.97], abs=0.01)
    assert "Student's t of the differences at each seed" in drawn["compare_accuracy"]["caption"]
    curves = figures(compared, "compare-curves")
    assert all("95 % interval of the mean (Student's t)" in chart["caption"] for chart in curves.values())


def test_a_link_of_two_designs_says_the_same_and_comes_back(tiny: MakeDesign) -> None:
    first, second = tiny(), tiny(learning_rate=0.5)
    link = COMPARING.to_link(Comparing(a=to_query(first), b=to_query(second), seeds=4))
    visit = by_link("tradeoffs", f"view=compare&{link}")
    found = comparing(visit)
    assert (found.design("a"), found.design("b"), found.seeds) == (first, second, 4)
    assert visit.link == f"view=compare&{link}"
    assert "Nothing is known before A and B are trained with one seed" in visit.text


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("compare.seeds=1000", "compare.seeds must be a whole number from 1 to 100"),
        ("compare.b=neuron.threshold%3D99", "neuron.threshold must be a number from 0 to 10"),
        ("compare.colour=red", "compare.colour must be a field of a comparison"),
        ("compare.by=acuracy", "compare.by must be a metric of runs, such as accuracy, got 'acuracy'; did you mean"),
    ],
)
def test_a_broken_link_is_a_sentence(link: str, sentence: str) -> None:
    visit = by_link("tradeoffs", f"view=compare&{link}")
    assert any(sentence in one for one in visit.errors), visit.errors
    assert comparing(visit) == Comparing()


def test_the_same_design_twice_is_a_sentence_and_no_figure(tiny: MakeDesign) -> None:
    link = COMPARING.to_link(Comparing(a=to_query(tiny()), b=to_query(tiny(7))))
    visit = by_link("tradeoffs", f"view=compare&{link}")
    assert "B must differ from A in more than its seed" in visit.text.replace("\\", "")


def test_three_more_seeds_are_queued_and_nothing_else(compared: Visit, nobody: Store) -> None:
    before = {run.run for run in nobody.runs()}
    compared.press("compare-more")
    assert comparing(compared).seeds == 6
    new = [run for run in nobody.runs() if run.run not in before]
    assert sorted(run.design.seed for run in new) == [3, 3, 4, 4, 5, 5]
    assert {run.state for run in new} == {"queued"}
    compared.press("compare-cancel")
    assert {run.state for run in nobody.runs()} == {"done", "cancelled"}


def test_until_decided_queues_a_seed_at_a_time_and_stops(tiny: MakeDesign, nobody: Store) -> None:
    asked = asked_of(tiny, 0.01, 0.02)
    first, second = asked.groups().values()
    fill(first, (20, 22, 21))
    fill(second, (30, 27, 34))
    visit = by_link("tradeoffs", f"{asked.to_query()}&view=compare")
    visit.press("compare-until")
    assert LOOKING in visit.at.session_state
    seeds = {run.design.seed for run in nobody.runs() if run.state == "queued"}
    assert seeds == {3, 4}  # the next, and one ahead
    for seed, (one, other) in enumerate(((23, 31), (20, 31), (21, 29), (22, 33)), 3):
        for design, right in ((first, one), (second, other)):
            end_with(nobody, design.model_copy(update={"seed": seed}), right)
        services.CACHE.clear()
        visit.look()
        if LOOKING not in visit.at.session_state:
            break
    assert "Decided after" in visit.text
    assert LOOKING not in visit.at.session_state
    drawn = figures(visit, "compare-differences")
    assert "compare_looks" in drawn
    assert "holds at every look" in drawn["compare_accuracy"]["caption"]
    assert not [run for run in nobody.runs() if run.state == "queued"]
    assert f"Decided after {comparing(visit).seeds} seeds" in visit.text
    assert "compare.looks=each" in visit.link


def test_another_metric_decides_than_the_accuracy(tiny: MakeDesign, nobody: Store) -> None:
    """Of the loss, which these runs have, and of validation images, of which nobody holds any out."""
    asked = asked_of(tiny, 0.01, 0.02)
    first, second = asked.groups().values()
    fill(first, (20, 22, 21))
    fill(second, (30, 27, 34))
    visit = by_link("tradeoffs", f"{asked.to_query()}&view=compare")
    menu = next(one for one in visit.at.selectbox if one.label == "Decided by")
    menu.set_value("loss")
    visit.look()
    assert comparing(visit) == Comparing(by="loss")
    assert "compare.by=loss" in visit.link
    assert "#### Test loss: not told apart" in visit.text.replace("\\", "")
    visit.press("compare-until")
    drawn = figures(visit, "compare-differences")
    assert drawn["compare_looks"]["title"].startswith("Test loss")

    before = {run.run for run in nobody.runs()}
    visit = by_link("tradeoffs", f"{asked.to_query()}&view=compare&compare.by=validation_accuracy")
    visit.press("compare-until")
    assert "no seed has it of both A and B" in visit.text
    assert LOOKING not in visit.at.session_state  # nothing is trained for a number that there never is
    assert {run.run for run in nobody.runs()} == before


def test_a_link_to_until_decided_trains_nothing_by_itself(tiny: MakeDesign, nobody: Store) -> None:
    visit = by_link("tradeoffs", f"{asked_of(tiny, 0.01, 0.02).to_query()}&view=compare&compare.looks=each")
    assert comparing(visit).looks == "each"
    assert nobody.runs() == []


def test_every_other_group_against_one_is_corrected(tiny: MakeDesign) -> None:
    asked = asked_of(tiny, 0.01, 0.02, 0.03)
    for design, right in zip(asked.groups().values(), ((30, 32, 31), (34, 35, 36), (30, 33, 29)), strict=True):
        fill(design, right)
    visit = by_link("tradeoffs", f"{asked.to_query()}&view=compare&compare.b=*")
    (table,) = [frame.value for frame in visit.at.dataframe]
    assert list(table["difference"]) == pytest.approx([8, -2 / 3])
    assert list(table["verdict"]) == ["better", "not told apart"]
    assert 0 < table["low"][0] < 3.03 / 2  # alone it is 3.03
    alone = ttest_rel([34, 35, 36], [30, 32, 31]).pvalue
    assert table["p"][0] == pytest.approx(2 * alone)
    assert "2 comparisons with A, of which 2 have runs; corrected" in visit.text


def test_a_group_is_the_same_whatever_its_seed(tiny: MakeDesign) -> None:
    assert same_group(tiny(1), tiny(2))
    assert not same_group(tiny(1), change(tiny(2), {"neuron.threshold": 2}))


def test_two_designs_among_the_chosen_runs_open_the_view_and_three_do_not(tiny: MakeDesign) -> None:
    fill(tiny(), (30, 31))
    fill(tiny(learning_rate=0.5), (33, 34))
    end_with(services.store(), tiny(learning_rate=0.4), 20)
    visit = Visit(page="runs").tick(0, 1, 3)
    assert not [button for button in visit.at.button if button.key == "compare-pair"]  # the newest is a third design
    visit.tick(1, 2, 4).press("compare-pair")
    found = comparing(visit)
    assert {found.design("a"), found.design("b")} == {tiny(), tiny(learning_rate=0.5)}
    assert visit.at.session_state["tradeoffs_view"] == "compare"
    assert "The two disagree on" in visit.text


def test_two_levels_of_an_axis_are_compared_over_all_else(tiny: MakeDesign, nobody: Store) -> None:
    asked = pooled_of(tiny)
    fill_all(nobody, asked)
    visit = by_link("tradeoffs", f"{asked.to_query()}&view=compare&compare.axis=training.learning_rate")
    assert visit.errors == []
    said = visit.text.replace("\\", "")
    assert "Test accuracy: B is better by 7.6 points" in said
    assert "so 3 seeds, not 9 pairs, say how certain the mean is" in said
    assert "A and B disagree on 36 of 450 test images" in said
    drawn = figures(visit, "compare-differences")
    small, dots, mean = drawn["compare_accuracy"]["traces"]
    assert (len(small["x"]), len(dots["x"]), len(mean["x"])) == (9, 3, 1)
    assert dots["y"][0] == pytest.approx(100 * (6 + 2 + 5) / 150, abs=0.01)
    assert "A dot is a seed's mean over the combinations" in drawn["compare_accuracy"]["caption"]
    tables = {len(frame.value): frame.value for frame in visit.at.dataframe}
    assert list(tables[3]["combination"]) == ["Batch size 10", "Batch size 15", "Batch size 20"]
    assert "compare.axis=training.learning_rate" in visit.link

    visit.press("compare-swap")
    assert comparing(visit).levels == "2,1"
    assert "Test accuracy: B is worse by 7.6 points" in visit.text.replace("\\", "")
    menu = next(one for one in visit.at.selectbox if one.label == "A")
    menu.set_value("1")
    visit.look()
    assert comparing(visit).levels == "1,2"  # the other one goes where this one was

    visit.press("compare-more")
    new = [run for run in nobody.runs() if run.state == "queued"]
    assert len(new) == 3 * 6
    assert "9 of 18 pairs of runs are missing" in visit.text


def test_weigh_leads_to_the_levels_of_a_field_at_all_seeds(tiny: MakeDesign, nobody: Store) -> None:
    asked = pooled_of(tiny).model_copy(update={"seeds": 4})
    fill_all(nobody, pooled_of(tiny))
    visit = by_link("tradeoffs", f"{asked.to_query()}&view=weigh&weigh.field=training.learning_rate")
    visit.press("weigh-levels-compare")
    found = comparing(visit)
    assert (found.axis, found.levels, found.seeds) == ("training.learning_rate", "1,2", 4)
    assert "so 3 seeds, not 9 pairs" in visit.text
    assert "3 of 12 pairs of runs are missing." in visit.text


def test_every_other_level_against_one_is_corrected(tiny: MakeDesign, nobody: Store) -> None:
    asked = pooled_of(tiny)
    fill_all(nobody, asked)
    link = f"{asked.to_query()}&view=compare&compare.axis=training.batch_size&compare.levels=3,*"
    visit = by_link("tradeoffs", link)
    (table,) = [frame.value for frame in visit.at.dataframe]
    assert list(table["B"]) == ["Batch size 10", "Batch size 15"]
    assert table["difference"][1] == pytest.approx(100 * ((20 + 21 + 25 + 22 + 25 + 24) - 84) / 300)
    assert "2 comparisons with A, of which 2 have runs; corrected" in visit.text
    assert "so 3 seeds, not 6 pairs, say how certain the mean is" in visit.text


def test_until_decided_waits_for_all_combinations_of_a_seed(tiny: MakeDesign, nobody: Store) -> None:
    asked = pooled_of(tiny)
    fill_all(nobody, asked, without=(((1, 2), 2),))
    visit = by_link("tradeoffs", f"{asked.to_query()}&view=compare&compare.axis=training.learning_rate")
    visit.press("compare-until")
    assert LOOKING in visit.at.session_state
    assert "compare_looks" not in figures(visit, "compare-differences")  # two seeds are whole, and a look is at three
    end_with(nobody, asked.design_of((1, 2), 2), 13)
    services.CACHE.clear()
    visit.look()
    assert "compare_looks" in figures(visit, "compare-differences")


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("compare.axis=neuron.beta", "axis must be an axis of the experiment, got 'neuron.beta'"),
        ("compare.axis=training.learning_rate&compare.levels=1,7", "levels must be levels of the axis, which has 2"),
    ],
)
def test_levels_that_the_experiment_has_not_are_a_sentence(tiny: MakeDesign, link: str, sentence: str) -> None:
    visit = by_link("tradeoffs", f"{pooled_of(tiny).to_query()}&view=compare&{link}")
    assert sentence.casefold() in visit.text.replace("\\", "").casefold()
