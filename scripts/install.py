"""Makes .venv and puts the pinned requirements into it: what `make install` runs.

With nothing but the standard library, since it runs before anything is installed. pip does the work; this says in
one line what it is at, and in one sentence what went wrong. All that pip said is in `.venv/install.log`.

    python3 scripts/install.py [--dev]

TORCH_INDEX names the index that torch comes from; empty is the default one. Where it is not set, a machine without an
NVIDIA driver gets the build without CUDA (0.2 GB instead of 3) from torch's own index, if that can be reached.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = VENV / "install.log"
# What pip fetches, on the disk that the environment is on (/tmp is often small). Swept before and after.
FETCHED = VENV / "fetched"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
REACH_SECONDS = 5
UNREACHABLE = (
    "NewConnectionError|Failed to establish a new connection|Name or service not known|Network is unreachable"
    "|Temporary failure in name resolution|Connection (refused|reset|aborted|broken)|Connect ?[Tt]ime|Read timed out"
    "|ReadTimeout|IncompleteRead|ProtocolError|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|Could not fetch URL"
)
LOG_SECONDS = 10.0
TERMINAL_SECONDS = 0.25
PIP_RETRIES = "2"
FITS = ((3, 11), (3, 14))  # for these all pins have wheels: docs/install.md; python.sh chooses one of them
NEEDED_GIGABYTES = {"cpu": 3, "default": 7}


class Trouble(Exception):
    """One sentence about what is missing or wrong."""


class Life:
    """One line that says what is going on: rewritten in a terminal, and in a log one every ten seconds."""

    def __init__(self) -> None:
        self.begin = time.monotonic()
        self.terminal = sys.stdout.isatty()
        self._said, self._open = -1e9, False

    def show(self, at: object) -> None:
        """What it is at now, if that is to be said again."""
        now = time.monotonic()
        if now - self._said < (TERMINAL_SECONDS if self.terminal else LOG_SECONDS):
            return
        self._said = now
        line = f"{at}, {now - self.begin:.0f} s"
        if self.terminal:
            line = line[: shutil.get_terminal_size().columns - 1]
            print(f"\r{line}\x1b[K", end="", flush=True)
            self._open = True
        else:
            print(line, flush=True)

    def say(self, text: str) -> None:
        """A line that stays."""
        print(f"\r\x1b[K{text}" if self._open else text, flush=True)
        self._open = False


class Pip:
    """What pip has said so far: the package it is at, how many of how many, and whether it fetches or installs."""

    def __init__(self, wanted: list[str]) -> None:
        self.wanted = {plain(line) for line in wanted}
        self.seen: set[str] = set()
        self.at = ""
        self.fetched = 0  # MB
        self.installing: list[str] = []
        self.lines: list[str] = []

    def hear(self, line: str) -> None:
        self.lines.append(line)
        words = line.split()
        if line.startswith(("Collecting ", "Requirement already satisfied: ")):
            name = line.split(": ")[-1].removeprefix("Collecting ").split(" (from")[0].split(" in ")[0]
            self.seen.add(plain(name))
            self.at = name
        elif line.startswith(("  Downloading ", "  Using cached ", "Processing ")):
            size = " ".join(words[-2:]) if words[-1].endswith(")") and len(words) > 3 else ""
            file = next((word for word in words if word.endswith((".whl", ".metadata", ".gz"))), words[-1])
            file = file.rpartition("/")[2].removesuffix(".metadata").removesuffix(".tar.gz")
            self.at = " ".join([*file.split("-")[:2], size]).strip()
        elif line.startswith("Ignoring "):  # its marker names other machines
            self.wanted.discard(plain(line.removeprefix("Ignoring ").partition(":")[0]))
        elif line.startswith("Installing collected packages: "):
            self.fetched = megabytes(FETCHED)
            self.installing = [plain(name) for name in line.partition(": ")[2].split(",")]

    def __str__(self) -> str:
        if self.installing:
            here = {plain(path.name.split("-")[0]) for path in packages().glob("*-info")}
            left = [name for name in self.installing if name not in here]
            at = f"installing {left[0]}" if left else f"compiling {self.installing[-1]}"
            done = len(self.installing) - len(left)
            return f"{at}, {done} of {len(self.installing)} packages, {self.fetched} MB"
        asked = len(self.seen & self.wanted)
        more = f" and {len(self.seen) - asked} that they need" if len(self.seen) > asked else ""
        return f"fetching {self.at or '...'}, {asked} of {len(self.wanted)} requirements{more}, {megabytes(FETCHED)} MB"


def plain(requirement: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[=<>!~;\[( ]", requirement.strip())[0]).lower()


def megabytes(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        try:
            size += path.stat().st_size
        except OSError:  # pip has just moved it
            continue
    return round(size / 1e6)


def requirements(file: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def python() -> Path:
    return VENV / "bin" / "python"


def here() -> str:
    return "{}.{}".format(*sys.version_info[:2])


def packages() -> Path:
    return VENV / "lib" / f"python{here()}" / "site-packages"


def asked(code: str) -> str | None:
    """What the environment's Python answers; None where it does not run."""
    try:
        answer = subprocess.run([python(), "-c", code], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def environment(life: Life) -> None:
    """A .venv with pip. What an interrupted install left half made is made whole; another Python's is refused."""
    if python().is_symlink() or python().exists():
        there = asked("import sys; print('{}.{}'.format(*sys.version_info[:2]))")
        if there is None:
            raise Trouble(".venv was made with a Python that does not run any more: `make clean` removes it.")
        if there != here():
            raise Trouble(f".venv is of Python {there}, and this is Python {here()}: `make clean` removes it.")
        # Without its pyvenv.cfg it would be the machine's own Python, and install there.
        if asked("import sys, pip; print(sys.prefix != sys.base_prefix)") == "True":
            life.say(f"Python {here()}: going on with the .venv that is there.")
            return
    base = getattr(sys, "_base_executable", sys.executable)  # this may be the environment's own
    life.say(f"Python {here()}: making .venv with {base}.")
    # In two steps, since venv keeps to itself why ensurepip failed.
    for step in ([base, "-m", "venv", "--without-pip", VENV], [python(), "-m", "ensurepip", "--default-pip"]):
        made = subprocess.run(step, capture_output=True, text=True)
        if made.returncode:
            raise Trouble(explain(made.stdout + made.stderr, "No environment could be made by venv and ensurepip"))


def mend() -> None:
    """Packages that an interrupted pip left half copied would count as installed: without their list of files they are
    forgotten, and so installed again."""
    for folder in packages().glob("*.dist-info"):
        if not (folder / "RECORD").exists():
            shutil.rmtree(folder)


def has_nvidia_driver() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def reachable(index: str) -> bool:
    """Whether an index answers at once, by the certificates that pip is told of."""
    certificates = os.environ.get("PIP_CERT") or os.environ.get("REQUESTS_CA_BUNDLE") or None
    try:
        context = ssl.create_default_context(cafile=certificates)
        request = urllib.request.Request(f"{index.rstrip('/')}/torch/", method="HEAD")
        with urllib.request.urlopen(request, timeout=REACH_SECONDS, context=context):
            return True
    except (OSError, ValueError):
        return False


def torch_index(life: Life) -> str:
    """Where torch comes from; "" is pip's default index."""
    given = os.environ.get("TORCH_INDEX")
    if given is not None:
        return given
    if not sys.platform.startswith("linux"):
        return ""  # the default index has the build without CUDA for macOS and Windows
    if has_nvidia_driver():
        life.say(
            "There is an NVIDIA driver: torch with CUDA, about 3 GB. TORCH_INDEX=" + CPU_INDEX + " is the small one."
        )
        return ""
    if reachable(CPU_INDEX):
        life.say(f"No NVIDIA driver: torch without CUDA, from {CPU_INDEX}.")
        return CPU_INDEX
    life.say(
        f"No NVIDIA driver, but {CPU_INDEX} cannot be reached: torch from the default index, maybe with 3 GB of CUDA."
    )
    return ""


def pip(life: Life, wanted: list[str], arguments: list[str]) -> None:
    """`pip install`, with a line about what it is at. Wheels alone: there may be no compiler."""
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--no-color"]
    own = os.environ
    if "PIP_RETRIES" not in own:
        options += ["--retries", PIP_RETRIES]
    if not {"PIP_ONLY_BINARY", "PIP_NO_BINARY"} & set(own):
        options += ["--only-binary", ":all:"]
    said = Pip(wanted)
    FETCHED.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [python(), "-m", "pip", "install", *options, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**own, "TMPDIR": str(FETCHED), "PYTHONUNBUFFERED": "1"},
    )
    try:
        for line in lines(process):
            if line is not None:
                said.hear(line)
                keep(line)
            life.show(said)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        shutil.rmtree(FETCHED, ignore_errors=True)
    if process.returncode:
        raise Trouble(explain("\n".join(said.lines), "pip could not install the requirements"))


def lines(process: subprocess.Popen[str]) -> Iterator[str | None]:
    """What a process says, line by line, and None whenever it has been silent for a moment."""
    heard: queue.Queue[str | None] = queue.Queue()

    def listen() -> None:
        for line in process.stdout or ():
            heard.put(line.rstrip())
        heard.put(None)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        try:
            line = heard.get(timeout=TERMINAL_SECONDS)
        except queue.Empty:
            yield None
            continue
        if line is None:
            process.wait()
            return
        yield line


def keep(line: str) -> None:
    try:
        with LOG.open("a") as log:
            log.write(line + "\n")
    except OSError:  # a full disk: pip says so itself
        pass


def explain(said: str, otherwise: str) -> str:
    """One sentence for what pip, or venv, ended with."""
    if re.search(r"No space left on device|Errno 28|Disk quota exceeded", said):
        free = shutil.disk_usage(ROOT).free / 1e9
        if free > 1:
            return f"A disk is full, not that of {ROOT}: maybe that of pip's cache; PIP_NO_CACHE_DIR=1 does without."
        return (
            f"The disk is full: {free:.1f} GB are left at {ROOT}, and .venv takes about {NEEDED_GIGABYTES['cpu']} "
            f"({NEEDED_GIGABYTES['default']} with CUDA); with more room, the same command goes on from here."
        )
    if re.search(r"No module named '?(ensurepip|venv)", said):
        return f"Python {here()} lacks venv or ensurepip: on Debian and Ubuntu, apt install python{here()}-venv."
    unmatched = re.search(r"No matching distribution found for (\S+)", said)
    given_up = unmatched is None or "(from versions: none)" in said or "Retry(total=0" in said
    if given_up and re.search(UNREACHABLE, said):
        place = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple")
        return (
            f"The package index {place} cannot be reached: is there a network, or a proxy for HTTPS_PROXY? "
            "Later, the same command goes on from here."
        )
    if unmatched:
        return (
            f"There is no wheel of {unmatched[1]} for Python {here()} here ({sys.platform}, {os.uname().machine}): "
            "docs/install.md lists what there is."
        )
    if re.search(r"Permission denied|Errno 13", said):
        return f"{VENV} may not be written by this user."
    errors = [line.strip() for line in said.splitlines() if re.match(r"(ERROR|error|Error|.*Error): ?", line.strip())]
    return f"{otherwise}: {errors[-1] if errors else 'no reason given'} (all of it: {LOG.relative_to(ROOT)})."


def install(dev: bool) -> None:
    if not FITS[0] <= sys.version_info[:2] <= FITS[1]:
        raise Trouble(f"snnviz needs Python 3.11, 3.12, 3.13 or 3.14, and this is {here()}.")
    life = Life()
    environment(life)
    files = [ROOT / name for name in ("requirements.txt", "requirements-dev.txt")][: 2 if dev else 1]
    stamp = VENV / (".installed-dev" if dev else ".installed")
    if stamp.exists() and all(file.stat().st_mtime <= stamp.stat().st_mtime for file in files):
        return
    mend()
    shutil.rmtree(FETCHED, ignore_errors=True)
    LOG.unlink(missing_ok=True)
    wanted = [line for file in files for line in requirements(file)]
    torch = next(line for line in wanted if plain(line) == "torch")
    if asked("import importlib.metadata as m; print(m.version('torch'))") is None:
        index = torch_index(life)
        needed = NEEDED_GIGABYTES["cpu" if index or not sys.platform.startswith("linux") else "default"]
        free = shutil.disk_usage(ROOT).free / 1e9
        if free < needed:
            life.say(f"{free:.1f} GB are free at {ROOT}; it may take {needed}.")
        # torch alone and first: a later resolution then keeps this build and does not look for another.
        pip(life, [torch], [*(["--index-url", index] if index else []), torch])
    pip(life, wanted, [word for file in files for word in ("-r", str(file))])
    stamp.touch()
    life.say(f"Installed in {time.monotonic() - life.begin:.0f} s.")


def fail(sentence: str, code: int) -> NoReturn:
    print(("\r\x1b[K" if sys.stdout.isatty() else "") + sentence, file=sys.stderr)
    sys.exit(code)


def main() -> None:
    words = argparse.ArgumentParser(description="Makes .venv with the pinned requirements.")
    words.add_argument("--dev", action="store_true", help="what the tests need, too")
    try:
        install(words.parse_args().dev)
    except Trouble as trouble:
        fail(str(trouble), 1)
    except KeyboardInterrupt:
        fail("Stopped; the same command goes on from here.", 130)
    except OSError as error:
        fail(explain(f"OSError: {error}", "The environment could not be written"), 1)


if __name__ == "__main__":
    main()
