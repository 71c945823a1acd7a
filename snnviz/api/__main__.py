"""Prints docs/api.md from the docstrings of the interface: ``python -m snnviz.api > docs/api.md``."""

from __future__ import annotations

import inspect
import re
from typing import Any

import snnviz.api as interface

ORDER = (
    "load_design",
    "train",
    "Run",
    "submit",
    "Pending",
    "load_run",
    "runs",
    "Look",
    "compare",
    "Comparison",
    "experiment",
)
"""In the order in which the examples can be run, one after the other."""

HEAD = """# From Python

    pip install .        # in the folder of snnviz; then, anywhere:

```python
import snnviz
```

{about}

Designs are values (`snnviz.design.design.Design`), the store is that of the pages and the command line
(`SNNVIZ_STORE`, `SNNVIZ_CACHE`), and nothing of torch is loaded before something is computed. This page is written by
`python -m snnviz.api`, and its examples are run, in order, by the tests.
"""


def page() -> str:
    """Returns the page as Markdown."""
    about = " ".join((inspect.getdoc(interface) or "").partition("\n\n")[2].split())
    return HEAD.format(about=about) + "".join(section(name, getattr(interface, name)) for name in ORDER)


def section(name: str, entry: Any) -> str:
    """Returns the section of a function, or of a class with its public methods."""
    if not inspect.isclass(entry):
        return f"\n## {name}\n\n**`snnviz.{name}{signature(entry)}`**\n\n{text(entry)}"
    parts = [f"\n## {name}\n\n{text(entry)}"]
    for attribute, value in vars(entry).items():
        if attribute.startswith("_") or not (inspect.getdoc(value) and hasattr(value, "__doc__")):
            continue
        if inspect.isfunction(value):
            parts.append(f"\n**`.{attribute}{signature(value)}`** {text(value)}")
        elif isinstance(value, property) or hasattr(value, "attrname"):
            parts.append(f"\n**`.{attribute}`** {text(value)}")
    return "".join(parts)


def signature(function: Any) -> str:
    """Returns the signature of a function, without `self`."""
    found = inspect.signature(function)
    kept = [each for each in found.parameters.values() if each.name != "self"]
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(found.replace(parameters=kept)))


def text(entry: Any) -> str:
    """Returns a docstring as Markdown: indented code becomes a block of Python."""
    said, inside = [], False
    for line in (inspect.getdoc(entry) or "").splitlines():
        code = line.startswith("    ") or (inside and not line)
        if code != inside:
            said.append("```python" if code else "```\n")
            inside = code
        said.append(line.removeprefix("    ") if code else line)
    if inside:
        said.append("```")
    joined = "\n".join(said)
    return re.sub(r"\n+```(?=\n|$)(?!python)", "\n```", joined).strip() + "\n"


if __name__ == "__main__":
    print(page(), end="")
