"""Asks the package index for which Pythons and machines there are wheels of all requirements; writes docs/install.md.

    .venv/bin/python -m pip install uv
    .venv/bin/python scripts/wheels.py      # some minutes

uv resolves requirements.txt, and that with requirements-dev.txt, as each machine would; the table of compiled packages
is made from the names of the files on the index, by the tags that pip goes by.
"""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import requests
from packaging import tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "install.md"
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple")
PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
MACOS = (14, 0)
GLIBC = 28
MACHINES = {
    "Linux x86_64": f"x86_64-manylinux_2_{GLIBC}",
    "Linux aarch64": f"aarch64-manylinux_2_{GLIBC}",
    "macOS arm64": "aarch64-apple-darwin",
    "Windows amd64": "x86_64-pc-windows-msvc",
}
FILES = ("requirements.txt", "requirements-dev.txt")
SESSION = requests.Session()
Pins = dict[str, str]


def resolved(files: tuple[str, ...], machine: str, python: tuple[int, int]) -> Pins | str:
    """The version of each package, or the reason why there is none."""
    asked = ["uv", "pip", "compile", "--quiet", "--no-config", "--no-header", "--no-annotate", "--only-binary", ":all:"]
    asked += ["--index-url", INDEX, "--python-version", "{}.{}".format(*python), "--python-platform", MACHINES[machine]]
    surroundings = os.environ | {"MACOSX_DEPLOYMENT_TARGET": "{}.{}".format(*MACOS)}
    said = subprocess.run([*asked, *files], cwd=ROOT, env=surroundings, capture_output=True, text=True)
    if said.returncode:
        found = re.search(r"([\w.-]+)\S* has no (?:usable )?wheels", said.stderr)
        return found[1].split("<")[0].split("=")[0] if found else said.stderr.strip().splitlines()[-1]
    lines = (line.partition(";")[0].strip().split("==") for line in said.stdout.splitlines() if "==" in line)
    return {canonicalize_name(name): version for name, version in lines}


def platforms(machine: str) -> list[str]:
    system, processor = machine.split()
    if system == "Linux":
        old = ["manylinux2014", "manylinux2010", "manylinux1"] if processor == "x86_64" else ["manylinux2014"]
        return [f"{name}_{processor}" for name in [*(f"manylinux_2_{minor}" for minor in range(GLIBC, 4, -1)), *old]]
    return list(tags.mac_platforms(MACOS, processor)) if system == "macOS" else ["win_amd64"]


@cache
def fitting(machine: str, python: tuple[int, int]) -> frozenset[tags.Tag]:
    """The tags that pip of this Python accepts there."""
    names = platforms(machine)
    interpreter = "cp{}{}".format(*python)
    return frozenset([*tags.cpython_tags(python, platforms=names), *tags.compatible_tags(python, interpreter, names)])


@cache
def wheels(package: str) -> dict[str, list[frozenset[tags.Tag]]]:
    """The tags of a package's wheels, by its versions."""
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    answer = SESSION.get(f"{INDEX.rstrip('/')}/{package}/", headers=accept, timeout=60)
    answer.raise_for_status()
    found: dict[str, list[frozenset[tags.Tag]]] = {}
    for file in answer.json()["files"]:
        if file["filename"].endswith(".whl") and not file.get("yanked"):
            try:
                _, version, _, kinds = parse_wheel_filename(file["filename"])
            except InvalidWheelFilename:  # old ones
                continue
            found.setdefault(str(version), []).append(kinds)
    return found


def is_compiled(package: str, version: str) -> bool:
    found = wheels(package).get(version, [])
    return bool(found) and all(tag.platform != "any" for kinds in found for tag in kinds)


def spans(pythons: list[tuple[int, int]]) -> str:
    names = ["{}.{}".format(*python) for python in pythons]
    whole = len(names) > 2 and pythons[-1][1] - pythons[0][1] == len(names) - 1
    return f"{names[0]} to {names[-1]}" if whole else ", ".join(names)


def tables() -> Iterator[str]:
    asked = [(files, machine, python) for machine in MACHINES for python in PYTHONS for files in (FILES[:1], FILES)]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda question: resolved(*question), asked)
    found = dict(zip(asked, answers, strict=True))
    yield f"All requirements, on {datetime.date.today()}, and how many packages they are with what they need in turn:\n"
    yield "| Python | " + " | ".join(f"{machine} | tests" for machine in MACHINES) + " |"
    yield "|---" * (1 + 2 * len(MACHINES)) + "|"
    for python in PYTHONS:
        cells = [found[files, machine, python] for machine in MACHINES for files in (FILES[:1], FILES)]
        said = [f"yes, {len(cell)}" if isinstance(cell, dict) else f"no: {cell}" for cell in cells]
        yield f"| {'{}.{}'.format(*python)} | " + " | ".join(said) + " |"
    pins = {key: cell for key, cell in found.items() if isinstance(cell, dict)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(wheels, {name for cell in pins.values() for name in cell}))
    every = sorted({(name, version) for cell in pins.values() for name, version in cell.items()})
    compiled = [(name, version) for name, version in every if is_compiled(name, version)]
    cuda = [name for name, _ in compiled if name.startswith(("nvidia-", "cuda-", "triton"))]
    names = {name for name, _ in every}
    yield f"\nOf {len(names)} packages these are compiled, beside {len(set(cuda))} of CUDA that torch's"
    yield "default build for Linux needs; a cell names the Pythons that need it and have a wheel."
    sources = [name for name, version in every if version not in wheels(name)]
    yield f"Without a wheel, and so built, which needs no compiler: {', '.join(sources) or 'none'}.\n"
    yield "| package | " + " | ".join(MACHINES) + " |"
    yield "|---" * (1 + len(MACHINES)) + "|"
    for name, version in compiled:
        if name in cuda:
            continue
        row = [[python for python in PYTHONS if pins.get((FILES, machine, python), {}).get(name) == version
                and any(kinds & fitting(machine, python) for kinds in wheels(name)[version])]
               for machine in MACHINES]  # fmt: skip
        yield f"| {name} {version} | " + " | ".join(spans(cell) for cell in row) + " |"


def main() -> None:
    try:
        made = "\n".join(tables())
    except (requests.RequestException, FileNotFoundError) as error:
        sys.exit(f"The package index and uv are needed: {error}")
    begin, end = "<!-- made by scripts/wheels.py -->\n", "\n<!-- until here -->"
    head, _, rest = PAGE.read_text().partition(begin)
    PAGE.write_text(head + begin + made + end + rest.partition(end)[2])


if __name__ == "__main__":
    main()
