"""A component whose script loads slowly: calls that were overtaken do not end what the newest one shows."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from snnviz.ui.components.assets import source

NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node")

BROWSER = """
const written = [];
globalThis.addEventListener = () => {};
globalThis.location = { href: "http://here/runs", pathname: "/runs" };
globalThis.history = { replaceState: (_state, _title, url) => written.push(url.search) };
"""

MOUNT = """
const shown = { closest: () => null };
const mount = (query) => address({ data: { query, steps: false }, parentElement: shown });
"""


def run(program: str) -> list[str]:
    """What the address component writes while `program` runs, after all of its timers."""
    module = source("leaving.js", "address.js").replace("export default ", "")
    told = "setTimeout(() => console.log(JSON.stringify(written)), 400);"
    text = "\n".join((BROWSER, module, MOUNT, program, told))
    done = subprocess.run([str(NODE), "-"], input=text, capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


def test_the_end_of_an_overtaken_call_keeps_what_the_newer_one_writes() -> None:
    assert run('const before = mount("a=1"); mount("a=2"); before();') == ["?a=2"]


def test_a_component_that_goes_writes_no_more() -> None:
    assert run('mount("a=1")();') == []
