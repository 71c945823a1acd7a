"""`pip install .` makes a package that needs no checkout."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from snnviz.places import ROOT
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, built of a copy of what git has."""
    source, wheels, target = (tmp_path_factory.mktemp(name) for name in ("source", "wheels", "target"))
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if name.startswith(("snnviz/", "pages/", ".streamlit/", "docs/glossary")) or "/" not in name:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--no-input", "-q"]
    build = [*pip, "wheel", str(source), "--no-deps", "--no-build-isolation", "-w", str(wheels)]
    subprocess.run(build, check=True, timeout=200)
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        assert not [name for name in file.namelist() if name.endswith(".pyc")]
        file.extractall(target)
    return target


def environment(installed: Path, cache: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SNNVIZ", "PYTHON", "XDG"))}
    data = {name: os.environ[name] for name in ("SNNVIZ_DATA",) if name in os.environ}
    return kept | data | {"PYTHONPATH": str(installed), "XDG_CACHE_HOME": str(cache), "SNNVIZ_GALLERY": "0"}


def test_it_computes_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = (
        "import snnviz; d = snnviz.load_design('digits', **{'training.epochs': 1, 'data.train_samples': 100}); "
        "print(snnviz.__file__, snnviz.train(d).design == d)"
    )
    given = environment(installed, tmp_path / "cache")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=given, capture_output=True, text=True)
    assert done.stdout == f"{installed / 'snnviz' / '__init__.py'} True\n", done.stderr
    assert (tmp_path / "cache" / "snnviz" / "runs.sqlite").exists()
    scripts = (next(installed.glob("*.dist-info")) / "entry_points.txt").read_text()
    assert "snnviz = snnviz.commands:main" in scripts


def test_it_serves_the_dashboard(installed: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "snnviz", "serve", "--port", str(port)]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=tmp_path, env=environment(installed, tmp_path / "cache"), **pipes)
    try:

        def healthy() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                    return bool(answer.read() == b"ok")
            except OSError:
                return False

        until(healthy, 60)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
