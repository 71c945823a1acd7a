"""What a host decides: roles and limits from one file and the environment, and a sentence for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnviz.errors import InputError
from snnviz.people.hosting import FILE, VARIABLE, Hosting, Limits, hosting, parse
from snnviz.people.person import Person

WHOLE = """
[people]
sign_in = "proxy"
admins = ["Root@Uni.example"]
teachers = ["*@staff.uni.example"]

[limits.visitor]
queued = 5
seconds_a_day = 600.0

[queue]
longest = 50
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / FILE
    place.write_text(WHOLE)
    monkeypatch.setenv(VARIABLE, str(place))
    return place


def test_without_a_file_it_is_an_open_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("snnviz.people.hosting.ROOT", tmp_path)
    assert hosting() == Hosting()
    assert hosting().people.sign_in == "open"


def test_the_file_says_who_is_who_and_what_they_may(written: Path) -> None:  # noqa: ARG001
    found = hosting()
    assert found.person("root@uni.EXAMPLE ") == Person("root@uni.example", "admin")
    assert found.person("ann@staff.uni.example").role == "teacher"
    assert found.person("ann@evilstaff.uni.example").role == "visitor"
    assert found.person("*@staff.uni.example.org").role == "visitor"
    assert found.limits_of("visitor") == Limits(queued=5, seconds_a_day=600.0)
    assert found.limits_of("member") == Hosting().limits_of("member")
    assert found.queue.longest == 50


def test_a_change_of_the_file_counts_at_once(written: Path) -> None:
    assert hosting().queue.longest == 50
    written.write_text("[queue]\nlongest = 7")
    assert hosting().queue.longest == 7


def test_a_variable_comes_before_the_file(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    monkeypatch.setenv("SNNVIZ_HOST_QUEUE__LONGEST", "9")
    monkeypatch.setenv("SNNVIZ_HOST_PEOPLE__SIGN_IN", "open")
    monkeypatch.setenv("SNNVIZ_HOST_PEOPLE__ADMINS", '["a@b.example"]')
    found = hosting()
    assert (found.queue.longest, found.people.sign_in, found.people.admins) == (9, "open", ("a@b.example",))


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({"people": {"sign_in": "ldap"}}, "people.sign_in must be 'open', 'proxy' or 'oidc', got 'ldap'"),
        ({"limits": {"visitor": {"queued": 0}}}, "limits.visitor.queued must be greater than or equal to 1, got 0"),
        ({"limits": {"visitor": {"queued": "9"}}}, "limits.visitor.queued must be a valid integer, got '9'"),
        ({"limits": {"vistor": {}}}, "limits.vistor must be one of visitor, member, teacher, admin, got an unknown "
                                     "name; did you mean 'visitor'?"),
        ({"people": 3}, "people must be "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(found: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        parse(found)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"), [("[people", "be a file of TOML"), ("#" * 100_001, "have at most 100,000")]
)
def test_what_is_no_such_file_is_a_sentence(written: Path, text: str, sentence: str) -> None:
    written.write_text(text)
    with pytest.raises(InputError, match=sentence):
        hosting()
    written.unlink()
    with pytest.raises(InputError, match="SNNVIZ_CONFIG must name a file that is there"):
        hosting()
