"""The control "Start from": only what a visitor chooses is taken."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from snnviz.ui.kit import start_menu


@pytest.mark.parametrize(("sent", "taken"), [("other", ["other"]), ("shown", []), (None, []), ("nothing", [])])
def test_what_a_replaced_control_was_drawn_with_is_not_chosen(
    monkeypatch: pytest.MonkeyPatch, sent: str | None, taken: list[str]
) -> None:
    """On a busy machine the browser sends it after the setting has changed, with the next press of another button."""
    session = {} if sent == "nothing" else {"page-start@0/shown": sent}
    drawn: list[dict[str, object]] = []
    place = SimpleNamespace(segmented_control=lambda *_, **options: drawn.append(options))
    monkeypatch.setattr(start_menu, "st", SimpleNamespace(session_state=session))
    chosen: list[str] = []
    start_menu.start_menu(place, ["shown", "other"], "shown", "page-start@0", chosen.append)
    drawn[0]["on_change"]()  # type: ignore[operator]
    assert chosen == taken
