"""A machine with little on it, for the tests of `make install`: stubs for Python and pip."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from snnviz.places import ROOT

HERE = "{}.{}".format(*sys.version_info[:2])
MAKE = shutil.which("make") or ""

# A Python of whatever version, with venv or without; what else it is asked to run, it names.
STUB = """#!/bin/sh
case "$2" in
  *version_info*) echo {version} ;;
  *ensurepip*) exit {lacks_venv} ;;
  *) echo "$0 runs $1" ;;
esac
"""
# A pip that writes down how it was called, says what it is told to say, and ends as it is told to end.
PIP = """
import os, sys, time
with open(os.environ["CALLS"], "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
print(os.environ.get("SAYS", ""), flush=True)
time.sleep(float(os.environ.get("TAKES", "0")))
sys.exit(int(os.environ.get("ENDS", "0")))
"""


@dataclass
class Machine:
    """A clean folder with what make install reads, and a PATH with sh, make and what a test adds."""

    place: Path
    path: Path

    def stub(self, name: str, version: str = "", lacks_venv: bool = False, text: str = "") -> None:
        file = self.path / name
        file.write_text(text or STUB.format(version=version, lacks_venv=int(lacks_venv)))
        file.chmod(0o755)

    def link(self, name: str, target: str) -> None:
        (self.path / name).symlink_to(target)

    @property
    def venv(self) -> Path:
        return self.place / ".venv"

    @property
    def packages(self) -> Path:
        return self.venv / "lib" / f"python{HERE}" / "site-packages"

    @property
    def calls(self) -> list[str]:
        file = self.place / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def surroundings(self, **words: str) -> dict[str, str]:
        return {
            "PATH": str(self.path),
            "HOME": str(self.place),
            "CALLS": str(self.place / "calls"),
            "HTTPS_PROXY": "http://127.0.0.1:9",  # so that no test asks for torch's index
            **words,
        }

    def install(self, *words: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [MAKE, "install", *words],
            cwd=self.place,
            env=self.surroundings(**surroundings),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def refuses(self, *words: str, **surroundings: str) -> str:
        """The one sentence that it ends with, beside what make says of the exit code."""
        said = self.install(*words, **surroundings)
        assert said.returncode != 0
        assert "Traceback" not in said.stdout + said.stderr
        sentences = [line for line in said.stderr.splitlines() if not line.startswith("make")]
        assert len(sentences) == 1, said.stderr
        assert sentences[0].endswith(".")
        return sentences[0]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "a folder", tmp_path / "bin")
    machine.place.mkdir()
    machine.path.mkdir()
    for file in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / file, machine.place)
    shutil.copytree(ROOT / "scripts", machine.place / "scripts")
    machine.link("sh", "/bin/sh")
    machine.link("make", MAKE)
    return machine


@pytest.fixture
def begun(machine: Machine) -> Machine:
    """With this Python, and an environment of it that has a stub for pip."""
    python = str(getattr(sys, "_base_executable", sys.executable))
    machine.link("python3", python)
    subprocess.run([python, "-m", "venv", "--without-pip", machine.venv], check=True)
    (machine.packages / "pip").mkdir()
    (machine.packages / "pip" / "__init__.py").touch()
    (machine.packages / "pip" / "__main__.py").write_text(PIP)
    return machine


def script(name: str) -> Any:
    found = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
