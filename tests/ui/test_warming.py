"""What pages import is there before the first visitor, and torch is not among it."""

from __future__ import annotations

import json
import subprocess
import sys

from snnviz.places import ROOT
from snnviz.ui.kit.warming import page_modules

VISITS = """
import json, sys
from snnviz.ui.kit import warming
warming.warm()
before = set(sys.modules)
for script in sorted((warming.ROOT / "pages").glob("*.py")):
    names = [line.split() for line in script.read_text().splitlines() if line.startswith("from snnviz")]
    for _, module, _, *_ in names:
        assert module in before, module
frozen = __import__("gc").get_freeze_count()
print(json.dumps({"torch": "torch" in before, "arrow": "pyarrow" in before, "frozen": frozen}))
"""


def test_every_page_names_modules_that_there_are() -> None:
    known = page_modules()
    assert {"snnviz.studies.tradeoffs.page.tradeoffs", "snnviz.ui.runs.page", "snnviz.studies.activity.page.study"} <= {
        *known
    }
    assert len(known) == len({*known})


def test_a_process_that_is_warm_has_what_pages_import_and_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", VISITS], cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["torch"], told["arrow"]) == (False, True)
    assert told["frozen"] > 100_000
