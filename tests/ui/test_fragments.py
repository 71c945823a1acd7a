"""Fragments are drawn anew from the body of another one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType

from snnviz.ui.kit import fragments


def context(**other: Any) -> Any:
    storage = SimpleNamespace(resolve_target=lambda keys: [f"id of {key}" for key in keys])
    told = {"query_string": "seed=1", "page_script_hash": "page", "cached_message_hashes": frozenset({"a"})}
    return SimpleNamespace(fragment_storage=storage, context_info=None, **told, **other)


def test_the_named_fragments_are_rerun_in_place_of_the_present_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "get_script_run_ctx", lambda: context(fragment_ids_this_run=["bar"]))
    with pytest.raises(RerunException) as asked:
        fragments.rerun_fragments_instead("bar", "lesson")
    wanted = asked.value.rerun_data
    assert wanted.fragment_id_queue == ["id of bar", "id of lesson"]
    assert (wanted.query_string, wanted.page_script_hash, wanted.widget_states) == ("seed=1", "page", None)
    requests = ScriptRequests()
    requests.request_rerun(wanted)
    preempted = requests.on_scriptrunner_yield()
    assert preempted is not None
    assert preempted.type is ScriptRequestType.RERUN, "as Streamlit takes what a callback asks for"


@pytest.mark.parametrize("there", [None, context(fragment_ids_this_run=None)], ids=["none", "whole page"])
def test_a_run_of_the_whole_page_is_rerun(monkeypatch: pytest.MonkeyPatch, there: Any) -> None:
    def rerun() -> None:
        raise RerunException(RerunData())

    monkeypatch.setattr(fragments, "get_script_run_ctx", lambda: there)
    monkeypatch.setattr(fragments.st, "rerun", rerun)
    with pytest.raises(RerunException) as asked:
        fragments.rerun_fragments_instead("bar")
    assert asked.value.rerun_data.fragment_id_queue == []


def test_where_a_fragment_is_not_there_yet_the_whole_page_is_rerun(monkeypatch: pytest.MonkeyPatch) -> None:
    """A press of what is drawn already interrupts the first drawing of a page."""
    asked: list[tuple[object, ...]] = []

    def rerun(*scope: object) -> None:
        asked.append(scope)
        raise RerunException(RerunData())

    def resolve_target(keys: list[str]) -> list[str]:
        if "late" in keys:
            raise StreamlitAPIException("No fragment found for target 'late'.")
        return keys

    there = context(fragment_ids_this_run=["bar"])
    there.fragment_storage.resolve_target = resolve_target
    monkeypatch.setattr(fragments, "get_script_run_ctx", lambda: there)
    monkeypatch.setattr(fragments.st, "rerun", rerun)
    for keys, expected in ((("bar", "late"), ()), (("bar",), (["bar"],))):
        with pytest.raises(RerunException):
            fragments.rerun_fragments(*keys)
        assert asked.pop() == expected
    with pytest.raises(RerunException) as wanted:
        fragments.rerun_fragments_instead("late")
    assert asked.pop() == ()
    assert wanted.value.rerun_data.fragment_id_queue == []
