"""Files that somebody else made, opened for a library that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from snnviz.errors import InputError, Unquoted


@contextmanager
def opened_for_library(path: Path, form: str, most_bytes: int) -> Iterator[None]:
    """Within it a library may read the file; whatever it raises becomes an `InputError` in one sentence.

    form: what the file must be, such as "safetensors". Raises `InputError` where there is no file, where it is larger
    than `most_bytes`, and where it cannot be read; an `InputError` from within is passed on as it is.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise InputError("file", "be a file", str(path))
    except OSError:
        raise InputError("file", "be there", str(path)) from None
    if size > most_bytes:
        raise InputError("file", f"be at most {most_bytes / 1e9:g} GB", Unquoted(f"{size / 1e9:.1f} GB"))
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # libraries raise nearly anything for a file that somebody spoiled
        found = Unquoted(f"one that cannot be read ({printable(str(error))})")
        raise InputError("file", f"be {form}", found) from None


def printable(text: str) -> str:
    """Returns the beginning of a library's message about a file, on one line; it may quote the file's bytes.

    >>> printable("bad\\n\\x00 header")
    'bad ? header'
    """
    return "".join(each if each.isprintable() else "?" for each in " ".join(text.split())[:200])
