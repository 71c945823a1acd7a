"""The block editor in a real browser: by mouse, by keyboard, by text, and under stress."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from snnviz.design import adjacency
from tests.browser.drawing import START, badge, cell, drag, expect_python, node, on_screen, press

pytestmark = pytest.mark.browser


def test_a_click_cycles_none_dsc_asc(page: Page) -> None:
    for kind, text in [("1", "D"), ("2", "A"), ("0", "")]:
        cell(page, 0, 4).click()
        expect(cell(page, 0, 4)).to_have_attribute("data-kind", kind)
        expect(cell(page, 0, 4)).to_have_text(text)
    cell(page, 0, 4).click()
    expect_python(page, START.replace("0 0 1 2 0", "0 0 1 2 1"))


def test_a_click_is_on_screen_in_the_same_frame(page: Page) -> None:
    shown = cell(page, 1, 4).evaluate(
        """(cell) => {
            cell.click();
            const arc = cell.getRootNode().querySelector('.skip[data-i="1"][data-j="4"]');
            return [cell.textContent, arc !== null];
        }"""
    )
    assert shown == ["D", True]


def test_the_keyboard_alone_draws(page: Page) -> None:
    cell(page, 0, 2).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(cell(page, 0, 4)).to_be_focused()
    page.keyboard.press("ArrowRight")  # the edge of the grid
    expect(cell(page, 0, 4)).to_be_focused()
    page.keyboard.press("2")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect_python(page, "0 0 1 2 2 / 0 0 0 1 1 / 0 0 0 0 2 / 0 0 0 0 0 / 0 0 0 0 0")
    page.keyboard.press("Enter")
    expect(cell(page, 1, 4)).to_have_text("A")
    page.keyboard.press("Delete")
    expect(cell(page, 1, 4)).to_have_text("")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # forbidden cells are passed over: there is none further left
    expect(cell(page, 1, 3)).to_be_focused()
    page.keyboard.press("0")
    expect_python(page, "0 0 1 2 2 / 0 0 0 0 0 / 0 0 0 0 2 / 0 0 0 0 0 / 0 0 0 0 0")


def test_one_cell_at_a_time_is_in_the_tab_order(page: Page) -> None:
    expect(page.locator("td[tabindex='0']")).to_have_count(1)
    cell(page, 1, 3).click()
    expect(page.locator("td[tabindex='0']")).to_have_count(1)
    expect(cell(page, 1, 3)).to_have_attribute("tabindex", "0")


def test_every_cell_has_a_name_and_closed_ones_say_why(page: Page) -> None:
    expect(page.get_by_role("grid", name="Skips of the block")).to_be_visible()
    expect(page.get_by_role("gridcell", name="input to layer 2: DSC, concatenate")).to_be_visible()
    expect(page.get_by_role("gridcell", name="input to layer 4: no skip")).to_be_visible()
    for (i, j), why in {(2, 1): "turn on Backward connections", (2, 3): "the sequential path is always there"}.items():
        closed = cell(page, i, j)
        expect(closed).to_have_attribute("title", why)
        expect(closed).to_have_attribute("aria-disabled", "true")
        expect(closed).to_have_accessible_name(re.compile(why))
        closed.click(force=True)
        expect(page.get_by_role("status")).to_contain_text(why)
    assert on_screen(page) == START
    cell(page, 0, 4).click()
    expect(page.get_by_role("status")).to_have_text("input to layer 4: DSC, concatenate")
    expect(page.get_by_role("img", name="input to layer 4: DSC")).to_be_visible()


def test_dsc_and_asc_differ_by_line_style_too(page: Page) -> None:
    dashes = "(line) => getComputedStyle(line).strokeDasharray"
    assert page.locator(".skip.dsc .line").first.evaluate(dashes) == "none"
    assert page.locator(".skip.asc .line").first.evaluate(dashes) != "none"


def test_dragging_draws_with_the_brush(page: Page) -> None:
    drag(page, 1, 4)
    expect(cell(page, 1, 4)).to_have_text("D")
    page.get_by_role("radio", name="ASC").click()
    drag(page, 0, 4)
    expect(cell(page, 0, 4)).to_have_text("A")
    page.get_by_role("radio", name="ASC").press("ArrowRight")
    expect(page.get_by_role("radio", name="Erase")).to_be_checked()
    drag(page, 0, 2)
    expect(cell(page, 0, 2)).to_have_text("")
    expect_python(page, "0 0 0 2 2 / 0 0 0 1 1 / 0 0 0 0 2 / 0 0 0 0 0 / 0 0 0 0 0")


@pytest.mark.parametrize(
    ("i", "j", "why"), [(3, 0, "which no layer feeds"), (3, 1, "turn on Backward"), (1, 2, "always there")]
)
def test_dragging_where_no_skip_may_be_says_why(page: Page, i: int, j: int, why: str) -> None:
    drag(page, i, j)
    expect(page.get_by_role("status")).to_contain_text(why)
    assert on_screen(page) == START


def test_clicking_an_arc_cycles_it_and_it_can_be_undone_by_key(page: Page) -> None:
    badge(page, 1, 3).click()
    expect(cell(page, 1, 3)).to_have_text("A")
    page.keyboard.press("Control+z")
    expect(cell(page, 1, 3)).to_have_text("D")


def test_hovering_lights_the_cell_and_its_arc(page: Page) -> None:
    lit = re.compile(r"\blit\b")
    cell(page, 0, 3).hover()
    expect(badge(page, 0, 3).locator("..")).to_have_class(lit)
    expect(node(page, 3)).to_have_class(lit)
    badge(page, 1, 3).hover()
    expect(cell(page, 1, 3)).to_have_class(lit)
    expect(cell(page, 0, 3)).not_to_have_class(lit)


def test_undo_and_redo_cover_every_kind_of_edit(page: Page) -> None:
    seen = [on_screen(page)]

    def step() -> None:
        assert on_screen(page) != seen[-1]
        seen.append(on_screen(page))

    cell(page, 0, 4).click()
    step()
    press(page, "One layer more")
    step()
    press(page, "Presets")
    page.get_by_role("button", name="densenet-like").click()
    step()
    press(page, "One layer fewer")
    step()
    press(page, "Clear")
    step()
    press(page, "Paste")
    page.get_by_label("A row for each source").fill("0 0 2 / 0 0 0 / 0 0 0")
    press(page, "Apply")
    expect(page.locator(".depth .number")).to_have_text("2")
    step()
    cell(page, 0, 2).focus()
    for key in ["Control+z"] * (len(seen) - 1):
        page.keyboard.press(key)
        seen.insert(0, seen.pop())
        assert on_screen(page) == seen[-1]
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    expect_python(page, START)
    for key in ["Control+y", "Control+Shift+Z", "Control+y", "Control+y", "Control+y", "Control+y"]:
        page.keyboard.press(key)
        seen.append(seen.pop(0))
        assert on_screen(page) == seen[-1]
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()
    expect_python(page, "0 0 2 / 0 0 0 / 0 0 0")


def test_depth_keeps_the_common_part(page: Page) -> None:
    for _ in range(4):
        press(page, "One layer more")
    expect(page.get_by_role("button", name="One layer more")).to_be_disabled()
    assert on_screen(page).startswith("0 0 1 2 0 0 0 0 0 / 0 0 0 1 0 0")
    for _ in range(6):
        press(page, "One layer fewer")
    expect(page.get_by_role("button", name="One layer fewer")).to_be_disabled()
    expect_python(page, "0 0 1 / 0 0 0 / 0 0 0")


def test_presets_equal_those_of_python(page: Page) -> None:
    made = {"sequential": adjacency.sequential, "resnet-like": adjacency.resnet_like}
    made["densenet-like"] = adjacency.densenet_like
    press(page, "One layer more")
    for name, make in made.items():
        press(page, "Presets")
        page.get_by_role("button", name=name).click()
        assert on_screen(page) == adjacency.to_text(make(5))
    expect_python(page, adjacency.to_text(adjacency.densenet_like(5)))


def test_a_draw_from_a_seed_equals_that_of_python(page: Page) -> None:
    assert adjacency.with_n_skip(4, 2, adjacency.ASC, 11) != adjacency.with_n_skip(4, 2, adjacency.ASC, 12)
    press(page, "Presets")
    page.get_by_label("Skips into each layer").fill("2")
    page.get_by_label("Type of the skips").select_option("ASC")
    page.get_by_label("Seed", exact=True).fill("11")
    press(page, "Draw")
    expect_python(page, adjacency.to_text(adjacency.with_n_skip(4, 2, adjacency.ASC, 11)))
    press(page, "Next seed")
    expect_python(page, adjacency.to_text(adjacency.with_n_skip(4, 2, adjacency.ASC, 12)))
    page.keyboard.press("Escape")
    press(page, "Undo")
    expect_python(page, adjacency.to_text(adjacency.with_n_skip(4, 2, adjacency.ASC, 11)))


@pytest.mark.parametrize("text", ["0 0 1 / 0 0 0 / 1 0 0", "0 0 1", "nonsense", "0 1 0 / 0 0 0 / 0 0 0", "9" * 600])
def test_a_bad_paste_says_one_sentence_and_changes_nothing(page: Page, text: str) -> None:
    with pytest.raises(adjacency.InputError) as error:
        adjacency.parse(text)
    press(page, "Paste")
    page.get_by_label("A row for each source").fill(text)
    press(page, "Apply")
    expect(page.locator("#text-problem")).to_have_text(str(error.value))
    page.keyboard.press("Escape")
    assert on_screen(page) == START
    expect_python(page, START)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_copied_text_can_be_pasted(visit: Callable[..., Page], scratch: str) -> None:
    page = visit(f"{scratch}/block", permissions=["clipboard-read", "clipboard-write"])
    press(page, "Copy")
    expect(page.get_by_role("status")).to_contain_text("copied")
    assert page.evaluate("navigator.clipboard.readText()") == START
    press(page, "Clear")
    press(page, "Paste")
    page.keyboard.press("Control+v")
    page.keyboard.press("Enter")
    expect(cell(page, 0, 2)).to_have_text("D")
    expect_python(page, START)


def test_without_a_clipboard_copy_offers_the_text_selected(page: Page) -> None:
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')) }")
    press(page, "Copy")
    page.evaluate("() => { delete navigator.clipboard.writeText }")
    area = page.get_by_label("A row for each source")
    expect(area).to_have_value(START)
    assert area.evaluate("(area) => area.selectionEnd - area.selectionStart") == len(START)


def test_lines_are_taken_as_rows(page: Page) -> None:
    press(page, "Paste")
    page.get_by_label("A row for each source").fill("0 0 2\n0 0 0\n0 0 0\n")
    press(page, "Apply")
    expect_python(page, "0 0 2 / 0 0 0 / 0 0 0")


def test_five_hundred_clicks_beside_a_ticking_panel_lose_none(page: Page) -> None:
    places = [(i, j) for i in range(5) for j in range(i + 2, 5)]
    clicks = [(7 * n + n * n // 11) % len(places) for n in range(500)]
    page.locator(".editor").evaluate(
        """(editor, [places, clicks]) => new Promise((done) => {
            const cellAt = ([i, j]) => editor.querySelector(`td[data-i="${i}"][data-j="${j}"]`);
            const next = (n) => {
                if (n === clicks.length) return done();
                cellAt(places[clicks[n]]).click();
                setTimeout(() => next(n + 1), n % 7);
            };
            next(0);
        })""",
        [places, clicks],
    )
    kinds = {place: int(adjacency.parse(START)[place[0]][place[1]]) for place in places}
    for click in clicks:
        kinds[places[click]] = (kinds[places[click]] + 1) % 3
    wanted = adjacency.to_text(adjacency.edges_from_skips(4, kinds))
    assert on_screen(page) == wanted
    expect_python(page, wanted)
    expect(page.get_by_text(re.compile(r"tick [3-9]"))).to_be_visible()
    assert on_screen(page) == wanted


def test_python_may_replace_the_block_and_that_can_be_undone(page: Page) -> None:
    cell(page, 0, 4).click()
    press(page, "Replace from Python")
    expect(page.locator(".depth .number")).to_have_text("6")
    assert on_screen(page) == adjacency.to_text(adjacency.resnet_like(6))
    expect_python(page, adjacency.to_text(adjacency.resnet_like(6)))
    cell(page, 0, 3).click()
    press(page, "Undo")
    press(page, "Undo")
    expect_python(page, START.replace("0 0 1 2 0", "0 0 1 2 1"))


def test_the_drawing_survives_reruns_and_other_pages(page: Page) -> None:
    cell(page, 0, 4).click()
    press(page, "Run everything again")
    changed = START.replace("0 0 1 2 0", "0 0 1 2 1")
    expect_python(page, changed)
    page.get_by_role("link", name="readonly").click()
    expect(page.get_by_role("button", name="Presets")).to_be_hidden()
    page.get_by_role("link", name="block", exact=True).click()
    expect(page.get_by_role("button", name="Presets")).to_be_visible()
    expect(cell(page, 0, 4)).to_have_text("D")
    expect_python(page, changed)
    assert on_screen(page) == changed
    press(page, "Undo")
    expect_python(page, START)


def test_keys_in_the_editor_are_not_hotkeys_of_the_page(page: Page) -> None:
    press(page, "Paste")
    page.keyboard.type("cr")
    expect(page.get_by_label("A row for each source")).to_have_value("cr")
    page.keyboard.press("Escape")
    cell(page, 0, 2).focus()
    page.keyboard.press("c")
    page.wait_for_timeout(200)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_read_only_shows_and_changes_nothing(visit: Callable[..., Page], scratch: str) -> None:
    page = visit(f"{scratch}/readonly")
    cell(page, 0, 2).click()
    badge(page, 0, 8).click()
    cell(page, 0, 2).press("0")
    drag(page, 0, 8)
    assert on_screen(page) == adjacency.to_text(adjacency.densenet_like(8))
    expect(page.get_by_role("grid")).to_have_attribute("aria-readonly", "true")


@pytest.mark.parametrize("width", [1280, 700, 390])
def test_nothing_scrolls_sideways(page: Page, width: int) -> None:
    for _ in range(4):
        press(page, "One layer more")
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(200)
    over = page.locator(".editor").evaluate(
        """(editor) => {
            const parts = [...editor.querySelectorAll("table, .graph svg, .bar, .legend")];
            return Math.max(...parts.map((part) => part.getBoundingClientRect().right)) - innerWidth;
        }"""
    )
    page.set_viewport_size({"width": 1280, "height": 800})
    assert over <= 0


def test_it_follows_a_switch_to_dark(page: Page) -> None:
    colour = "(element) => getComputedStyle(element).backgroundColor"
    light = page.locator(".editor").evaluate(colour)
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".editor")).not_to_have_css("background-color", light)
    page.emulate_media(color_scheme="light")
    expect(page.locator(".editor")).to_have_css("background-color", light)
