"""What a host decides: who people are, their roles and limits; one file, `snnviz.toml`, and environment variables."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from snnviz.errors import InputError, Unquoted, did_you_mean
from snnviz.people.person import LONGEST_ID, Person, Role
from snnviz.places import INSTALLED, ROOT, cache_dir

FILE, VARIABLE = "snnviz.toml", "SNNVIZ_CONFIG"
"""The host's file, beside `app.py`, and the variable that names another one."""

PREFIX = "SNNVIZ_HOST_"
"""Of variables that set one value, such as ``SNNVIZ_HOST_PEOPLE__SIGN_IN=proxy``."""

LARGEST_FILE = 100_000

SignIn = Literal["open", "proxy", "oidc"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class People(_Part):
    """Who is who.

    `sign_in`: "open": a visitor is a browser, by its cookie, without a name; "proxy": a proxy in front signs people in
    and says who they are in a header that Streamlit's `server.trustedUserHeaders` makes `st.user.email`; "oidc": the
    server signs them in with an OpenID Connect provider, and who does not want to is a visitor. The lists give
    roles: an address, or ``*@uni.example`` for all of a domain; an id as `people` shows it.
    """

    sign_in: SignIn = "open"
    admins: tuple[str, ...] = ()
    teachers: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


class Limits(_Part):
    """What one person of a role may use; None: without a limit.

    `queued`: runs that wait or run at a time. `seconds_a_day`: processor-seconds; what was used is forgotten at an even
    rate, by half in 17 hours. `kept_megabytes`: weights of one's runs and data sets of one's own, of which there may be
    `data_sets`. `parameters`, `seconds_a_run`: of the largest network, and of what one run is expected to take.
    """

    queued: int | None = Field(None, ge=1, le=100_000)
    seconds_a_day: float | None = Field(None, ge=1, le=1e9)
    kept_megabytes: float | None = Field(None, ge=1, le=1e9)
    data_sets: int | None = Field(None, ge=0, le=100_000)
    parameters: int | None = Field(None, ge=1, le=10**12)
    seconds_a_run: float | None = Field(None, ge=1, le=1e9)


class LimitsOfRoles(_Part):
    """The limits of each role."""

    visitor: Limits = Limits(
        queued=100,
        seconds_a_day=7200.0,
        kept_megabytes=1000.0,
        data_sets=10,
        parameters=2_000_000,
        seconds_a_run=1800.0,
    )
    member: Limits = Limits(
        queued=500, seconds_a_day=36_000.0, kept_megabytes=5000.0, data_sets=20, parameters=50_000_000,
        seconds_a_run=14_400.0,
    )  # fmt: skip
    teacher: Limits = Limits(
        queued=2000, seconds_a_day=86_400.0, kept_megabytes=20_000.0, data_sets=50, parameters=500_000_000,
        seconds_a_run=43_200.0,
    )  # fmt: skip
    admin: Limits = Limits()


class Retention(_Part):
    """What goes by itself, never with a star: `days`: what nobody opened for so long; `megabytes`: of the database and
    all weights together, beyond which the longest unopened go; 0: never, no bound.

    `whose`: "visitors": only what is wanted by visitors alone who did not sign in; "all": also what nobody asked for in
    the dashboard. A server that serves whoever started it lets nothing go.
    """

    days: float = Field(30.0, ge=0, le=36_500)
    megabytes: float = Field(1500.0, ge=0, le=1e9)
    whose: Literal["visitors", "all"] = "visitors"


class Queue(_Part):
    """`longest`: runs that wait, of all people together, from which on the server says that it is busy.

    `accepts`: false before an upgrade: what is queued is done, and nothing new is taken, except from admins.
    """

    longest: int = Field(5000, ge=1, le=1_000_000)
    accepts: bool = True


class Rates(_Part):
    """What one internet address may ask a minute, evenly or at once after a pause; 0: without a limit.

    `pages`: opened anew; `uploads`: files. Streamlit's own files are not counted.
    """

    requests_a_minute: int = Field(12_000, ge=0, le=10**9)
    pages_a_minute: int = Field(1200, ge=0, le=10**9)
    uploads_a_minute: int = Field(120, ge=0, le=10**9)


class Metrics(_Part):
    """`token`: who sends it as ``Authorization: Bearer`` may read `/metrics`; "": programs on this machine alone."""

    token: str = Field("", pattern=r"^(\S{16,200})?$")


class Notice(_Part):
    """`text`: a line at the top of every page, "" for none."""

    text: str = Field("", max_length=300)


class Hosting(_Part):
    """All that a host decides. The defaults are those of an open demo."""

    people: People = People()
    limits: LimitsOfRoles = LimitsOfRoles()
    queue: Queue = Queue()
    retention: Retention = Retention()
    rates: Rates = Rates()
    metrics: Metrics = Metrics()
    notice: Notice = Notice()

    def limits_of(self, role: Role) -> Limits:
        """Returns the limits of a role."""
        found: Limits = getattr(self.limits, role)
        return found

    def person(self, address: str) -> Person:
        """Returns the person who signed in with this address; upper and lower case are the same.

        >>> Hosting(people=People(sign_in="proxy", teachers=("*@uni.example",))).person("Ann@uni.example")
        Person(id='ann@uni.example', role='teacher')
        """
        who = address.strip().casefold()[:LONGEST_ID]
        return Person(who, self._role(who))

    def person_of_provider(self, issuer: str, subject: str, address: str) -> Person:
        """Returns the person whom an OpenID Connect provider signed in, known by a hash of issuer and subject.

        address: one that the provider has verified, or ""; it only gives a role.

        >>> host = Hosting(people=People(sign_in="oidc", admins=("ann@uni.example",)))
        >>> host.person_of_provider("https://id.example", "7", "Ann@uni.example")
        Person(id='oidc-f744c6e7403724347d911a5b9e64c7c4', role='admin')
        """
        who = f"oidc-{hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()[:32]}"
        return Person(who, self._role(who, address.strip().casefold()))

    def _role(self, *names: str) -> Role:
        lists: tuple[tuple[Role, tuple[str, ...]], ...] = (
            ("admin", self.people.admins), ("teacher", self.people.teachers), ("member", self.people.members)
        )  # fmt: skip
        listed_in = (role for role, listed in lists if any(_is_listed(who, listed) for who in names if who))
        return next(listed_in, "visitor")


def _is_listed(who: str, listed: tuple[str, ...]) -> bool:
    names = [name.casefold() for name in listed]
    return who in names or any(name.startswith("*@") and who.endswith(name[1:]) for name in names)


def hosting() -> Hosting:
    """Returns what the host decided, from the file and the environment. Raises `InputError`."""
    place = Path(os.environ.get(VARIABLE) or (cache_dir() if INSTALLED else ROOT) / FILE)
    given = tuple(sorted((name, text) for name, text in os.environ.items() if name.startswith(PREFIX)))
    try:
        about = place.stat()
        mark = (about.st_mtime_ns, about.st_size)
    except FileNotFoundError:
        if os.environ.get(VARIABLE):
            raise InputError(VARIABLE, "name a file that is there", str(place)) from None
        mark = (0, 0)
    except OSError as error:
        raise InputError(FILE, f"be a file that can be read ({(error.strerror or '').lower()})", str(place)) from None
    return _read(place, mark, given)


@lru_cache(maxsize=4)
def _read(place: Path, mark: tuple[int, int], given: tuple[tuple[str, str], ...]) -> Hosting:
    """The file as it was at `mark`, its time and size."""
    found: dict[str, Any] = {}
    if mark != (0, 0):
        if mark[1] > LARGEST_FILE:
            raise InputError(FILE, f"have at most {LARGEST_FILE:,} bytes", Unquoted(f"{mark[1]:,}"))
        try:
            found = tomllib.loads(place.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(FILE, "be a file of TOML", Unquoted(" ".join(str(error).split())[:120])) from None
    for name, text in given:
        _put(found, name, text)
    return parse(found)


def parse(found: Mapping[str, Any]) -> Hosting:
    """Returns the host's decisions in a mapping, as read from TOML. Raises `InputError`, which names the field."""
    try:
        return Hosting.model_validate(_lists_to_tuples(found))
    except ValidationError as error:
        first = error.errors()[0]
        at, path = found, [str(part) for part in first["loc"]]
        for part in path[:-1]:
            at = at.get(part, {}) if isinstance(at, Mapping) else {}
        if first["type"] == "extra_forbidden":
            known = _fields_at(path[:-1])
            raise InputError(".".join(path), "be one of " + ", ".join(known), Unquoted("an unknown name"),
                             did_you_mean(path[-1], known)) from None  # fmt: skip
        rule = first["msg"].removeprefix("Input should ").strip()
        raise InputError(".".join(path) or FILE, rule, first["input"]) from None


def _fields_at(path: list[str]) -> list[str]:
    kind: Any = Hosting
    for part in path:
        kind = kind.model_fields[part].annotation
    return [*kind.model_fields]


def _put(found: dict[str, Any], name: str, text: str) -> None:
    """A variable's value, at its place; a number and a list are written as in TOML."""
    *path, last = name.removeprefix(PREFIX).lower().split("__")
    at = found
    for part in path:
        at = at.setdefault(part, {})
        if not isinstance(at, dict):
            raise InputError(name, "name a value of a part, such as SNNVIZ_HOST_PEOPLE__SIGN_IN", text)
    try:
        at[last] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        at[last] = text


def _lists_to_tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _lists_to_tuples(one) for name, one in value.items()}
    if isinstance(value, list):
        return tuple(value)
    return value
