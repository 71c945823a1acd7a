"""Links and HTML that pass a page of the app on to others, with what is hidden and locked on it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

HEIGHT, LEAST_HEIGHT, MOST_HEIGHT = 800, 200, 4_000
"""Height of an embedded page in pixels: what is offered, and the range."""


def page_link(root: str, page: str, query: str, hide: Iterable[str] = (), lock: Iterable[str] = ()) -> str:
    """Returns the link of a page with its setting and the names of what is hidden and locked on it.

    root: address of the server, with its base path and a slash at the end. page: path of the page, "" for Home.

    >>> page_link("http://localhost/", "design", "seed=3", hide=["editor"], lock=["train", "neuron"])
    'http://localhost/design?seed=3&hide=editor&lock=train,neuron'
    """
    restricted = [f"{name}={quote(','.join(names), safe=',.*')}" for name, names in _named(hide, lock) if names]
    pairs = [part for part in (query, *restricted) if part]
    return f"{root}{page}{'?' * bool(pairs)}{'&'.join(pairs)}"


def _named(hide: Iterable[str], lock: Iterable[str]) -> list[tuple[str, list[str]]]:
    return [("hide", [*hide]), ("lock", [*lock])]


def lesson_link(root: str, lesson: str, step: int | None = None) -> str:
    """Returns the short link of a lesson, or of one of its steps, from 1.

    >>> lesson_link("http://localhost/", "why-silent", 3)
    'http://localhost/l/why-silent/3'
    """
    return f"{root}l/{quote(lesson, safe='')}{'' if step is None else f'/{step}'}"


def class_link(root: str, code: str) -> str:
    """Returns the short link by which students join a class.

    >>> class_link("http://localhost/", "HKRTPW")
    'http://localhost/c/HKRTPW'
    """
    return f"{root}c/{quote(code, safe='')}"


def embed_snippet(link: str, title: str, height: int = HEIGHT) -> str:
    """Returns HTML with an iframe, to embed a page of the app in a web page of a course.

    >>> embed_snippet("http://localhost/design?seed=3", "A & B", 600).partition(" width=")[0]
    '<iframe src="http://localhost/design?seed=3&amp;embed=true" title="A &amp; B"'
    """
    source = f"{link}{'&' if '?' in link else '?'}embed=true"
    return (
        f'<iframe src="{escape(source)}" title="{escape(title)}" width="100%" height="{height}" '
        'loading="lazy" style="border: 0"></iframe>'
    )


def groups(names: Iterable[str]) -> list[str]:
    """Returns names of fields and panels; before the first of several fields with the same first part, such as
    `neuron`, also the name of that group.

    >>> groups(["editor", "neuron.beta", "neuron.threshold", "seed"])
    ['editor', 'neuron', 'neuron.beta', 'neuron.threshold', 'seed']
    """
    given = [*dict.fromkeys(names)]
    found: dict[str, None] = {}
    for name in given:
        parts = name.split(".")
        for count in range(1, len(parts)):
            group = ".".join(parts[:count])
            if sum(one.startswith(f"{group}.") for one in given) > 1:
                found[group] = None
        found[name] = None
    return [*found]
