"""The container image, step by step, without an engine: each step is done here, in a folder as clean as the image's."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from snnviz.places import ROOT
from tests.waiting import processes, until

NOBODY = 65534


@dataclass
class Step:
    word: str
    rest: str


def steps() -> list[Step]:
    """The Dockerfile's instructions, lines that go on joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", "\n\\\n", text).replace("\n\\\n", " ").splitlines()
    return [Step(*line.strip().split(None, 1)) for line in lines if line.strip()]


def only(word: str) -> str:
    """What stands behind the one instruction of this name."""
    found = [step.rest for step in steps() if step.word == word]
    assert len(found) == 1, (word, found)
    return found[0]


def pip() -> str:
    return next(step.rest for step in steps() if step.word == "RUN" and "pip install" in step.rest)


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for step in steps() if step.word == "ENV" for pair in shlex.split(step.rest))


def health() -> list[str]:
    """The health check's command as the shell runs it."""
    return shlex.split(only("HEALTHCHECK").partition("CMD")[2])


def command() -> list[str]:
    """The container's command, a JSON list."""
    words = re.findall(r'"([^"]*)"', only("CMD"))
    assert only("CMD") == "[" + ", ".join(f'"{word}"' for word in words) + "]"
    return words


def test_the_image_starts_from_the_python_that_the_project_needs() -> None:
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert re.match(r"python:3\.11-slim", only("FROM"))
    assert needed == ">=3.11,<3.15"


def test_every_step_is_a_known_one_in_a_working_order() -> None:
    words = [step.word for step in steps()]
    known = "FROM RUN ENV WORKDIR ARG COPY USER VOLUME EXPOSE HEALTHCHECK CMD"
    assert set(words) <= set(known.split())
    assert words[0] == "FROM"
    assert words[-1] == "CMD"
    # The folder must belong to its user before it becomes a volume, and the user must exist before it is used.
    made = next(place for place, step in enumerate(steps()) if "useradd" in step.rest and "chown" in step.rest)
    assert made < words.index("USER") < words.index("VOLUME")
    assert only("USER") not in ("root", "0")
    assert only("VOLUME") == environment()["SNNVIZ_CACHE"] == f"{only('WORKDIR')}/cache"


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_every_run_step_is_a_shell_command(shell: str) -> None:
    for step in steps():
        if step.word == "RUN":
            subprocess.run([shell, "-n", "-c", step.rest], check=True)


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    copied = [step.rest.split() for step in steps() if step.word == "COPY"]
    for *sources, _ in copied:
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source.rstrip("/") not in ignored
    assert {".venv", "cache", "tests", ".git"} <= set(ignored)


def test_the_packages_are_known_to_apt() -> None:
    install = next(step.rest for step in steps() if "apt-get install" in step.rest)
    wanted = install.partition("apt-get install")[2].partition("&&")[0].split()
    packages = [word for word in wanted if not word.startswith("-")]
    assert packages == ["dataset-fashion-mnist"]
    if not shutil.which("apt-cache") or not list(Path("/var/lib/apt/lists").glob("*_Packages*")):
        pytest.skip("there are no package lists of apt here")
    for package in packages:
        known = subprocess.run(["apt-cache", "show", package], capture_output=True, text=True)
        assert known.returncode == 0, known.stderr
        assert f"Package: {package}" in known.stdout


@pytest.mark.parametrize("index", [None, "", "https://wheels.example/cpu"])
def test_pip_gets_the_right_arguments(tmp_path: Path, index: str | None) -> None:
    """With the default index of torch, without one, and with another."""
    fake = tmp_path / "bin" / "pip"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word"; done >> said\necho --- >> said\n')
    fake.chmod(0o755)
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    default = next(step.rest for step in steps() if step.word == "ARG").partition("=")[2]
    surroundings = {"PATH": f"{fake.parent}:/usr/bin:/bin", "TORCH_INDEX": default if index is None else index}
    subprocess.run(["/bin/sh", "-c", pip()], cwd=tmp_path, env=surroundings, check=True)
    first, second, rest = (tmp_path / "said").read_text().split("---\n")
    given = default if index is None else index
    torch = next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("torch=="))
    assert first.split() == ["install", *(["--index-url", given] if given else []), torch]
    assert second.split() == ["install", "-r", "requirements.txt"]
    assert rest == ""


def test_compose_keeps_the_cache_in_a_volume() -> None:
    text = (ROOT / "compose.yaml").read_text()
    port = only("EXPOSE")
    assert f'"{port}:{port}"' in text
    assert f"cache:{only('VOLUME')}" in text


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The image's folder: exactly what is copied, and an empty cache that belongs to its user."""
    folder = tmp_path / "app"
    folder.mkdir()
    for step in steps():
        if step.word == "COPY":
            *sources, target = step.rest.split()
            for source in sources:
                place = folder / target / source if target in (".", "./") else folder / target
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / source, place)
    (folder / "cache").mkdir()
    for outer in [folder, *folder.parents]:
        if outer.is_relative_to(tmp_path.parents[1]):
            outer.chmod(outer.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH | stat.S_IRGRP | stat.S_IROTH)
    return folder


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become the image's user")
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv (util-linux) is needed to become the image's user")
def test_the_image_serves_keeps_its_store_in_the_volume_and_ends_cleanly(image: Path) -> None:
    os.chown(image / "cache", NOBODY, NOBODY)
    before = files(image)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    # Nobody may write anywhere but into the cache. Reading everything stands for the image's own Python, which
    # its user may read; the one of this machine may be in root's home.
    reads = "-all,+dac_read_search"
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
    become += [f"--inh-caps={reads}", f"--ambient-caps={reads}", f"--bounding-set={reads}"]
    python, *arguments = command()
    assert python == "python"
    words = {"0.0.0.0": "127.0.0.1", "8501": port}
    surroundings = {
        **environment(),
        "SNNVIZ_CACHE": str(image / "cache"),
        "PATH": os.environ["PATH"],
        "HOME": "/nowhere",
    }
    server = subprocess.Popen(
        [*become, sys.executable, *(words.get(word, word) for word in arguments)],
        cwd=image,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        program, *check = health()
        assert program == "python"
        check = [word.replace("8501", port) for word in check]

        def healthy() -> bool:
            assert server.poll() is None
            return subprocess.run([sys.executable, *check], capture_output=True).returncode == 0

        until(healthy)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as page:
            assert page.headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")
            assert "HttpOnly" in page.headers["Set-Cookie"]
        key = image / "cache" / "visitors.key"
        assert (key.stat().st_uid, key.stat().st_mode & 0o777) == (NOBODY, 0o600)
        store = image / "cache" / "runs.sqlite"
        until(store.exists)
        assert store.stat().st_uid == NOBODY
        worker = until(lambda: worker_of(image / "cache"))
    finally:
        server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=60)
    assert server.returncode in (0, -signal.SIGTERM), said  # uvicorn ends by the signal, after it has tidied up
    assert "Traceback" not in said, said
    until(lambda: not [process for process in processes() if process.session in (server.pid, worker)])
    assert {path for path in files(image) - before if not path.startswith("cache/")} == set()
    assert files(image) - before >= {"cache/runs.sqlite"}


def worker_of(cache: Path) -> int | None:
    """The supervisor that the server has started for its store."""
    lock = cache / "runs.worker.lock"
    return int(lock.read_text()) if lock.exists() and lock.read_text() else None


def test_a_server_on_the_web_is_reached_through_its_proxy_alone() -> None:
    text = (ROOT / "compose.server.yaml").read_text()
    services = re.split(
        r"^  (?=\w+:$)", text.partition("services:\n")[2].partition("\nvolumes:")[0], flags=re.MULTILINE
    )
    named = {part.partition(":")[0]: part for part in services if part}
    assert [*named] == ["proxy", "snnviz", "db"]
    assert [name for name, part in named.items() if "ports:" in part] == ["proxy"]
    assert 'FORWARDED_ALLOW_IPS: "*"' in named["snnviz"]
    assert f"cache:{only('VOLUME')}" in named["snnviz"]
    assert len(re.findall(r"\$\{POSTGRES_PASSWORD:\?", text)) == 1
    (extras,) = re.findall(r'EXTRA: "([\w ]+)"', text)
    assert all((ROOT / f"requirements-{extra}.txt").is_file() for extra in extras.split())
    for place in re.findall(r'"\./([\w./]+):', text):
        assert place.startswith("host") or (ROOT / place).exists()
    assert f"snnviz:{only('EXPOSE')}" in (ROOT / "deploy" / "Caddyfile").read_text()


@pytest.mark.skipif(not shutil.which("caddy"), reason="Caddy is not installed")
@pytest.mark.parametrize("tls", ["", "tls internal"])
def test_the_proxys_file_is_one(tls: str) -> None:
    command = ["caddy", "adapt", "--adapter", "caddyfile", "--config", str(ROOT / "deploy" / "Caddyfile")]
    environment = {**os.environ, "SNNVIZ_NAME": "demo.example", "SNNVIZ_TLS": tls}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert '"upstreams":[{"dial":"snnviz:8501"}]' in found.stdout
