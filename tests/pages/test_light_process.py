"""The server's process stays small and quick to start: showing every page loads nothing that only training needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from snnviz.design import links
from snnviz.store import Run
from tests.conftest import MakeDesign
from tests.pages.visit import ROOT

VISIT_ALL = """
import sys
from tests.pages.visit import Visit
link, pages = sys.argv[1], sys.argv[2:]
visit = Visit(link)
assert "trained before, shown from the store" in visit.text
visit.press("train")
visit.put("neuron.threshold", 0.7).put("network.kind", "cnn").put("network.kind", "block")
for page in pages:
    visit.go(page)
visit.go("runs").tick(0, 1)
assert len(visit.table) == 2
visit.tick(0).press("open")
print(*sorted({name.partition(".")[0] for name in sys.modules} | {"scipy.stats"} & set(sys.modules)))
"""


def test_every_page_works_without_torch(trained: Callable[..., Run], tiny: MakeDesign) -> None:
    design = trained(tiny(1)).design
    trained(tiny(2))
    pages = [page.stem for page in (ROOT / "pages").glob("*.py")]
    shown = subprocess.run(
        [sys.executable, "-c", VISIT_ALL, links.to_query(design), *pages],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert shown.returncode == 0, shown.stderr
    loaded = set(shown.stdout.split())
    assert "pandas" in loaded
    assert not loaded & {"torch", "snntorch", "tonic", "sklearn", "scipy.stats", "matplotlib", "botorch"}
