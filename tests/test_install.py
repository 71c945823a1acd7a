"""`make install` on what people have, with stubs for Python and pip: nothing is fetched. docs/install.md."""

from __future__ import annotations

import http.server
import os
import pty
import re
import shutil
import signal
import subprocess
import threading
import tomllib
from pathlib import Path

import pytest

from snnviz.places import ROOT
from tests.bare import HERE, MAKE, PIP, STUB, Machine, begun, machine, script

__all__ = ["begun", "machine"]

pytestmark = pytest.mark.skipif(not MAKE, reason="make is what is tested")


def test_a_machine_without_python_is_told_what_to_install(machine: Machine) -> None:
    assert re.search("needs Python 3.11, 3.12, 3.13 or 3.14, and there is none .*apt install.*brew", machine.refuses())


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.15"])
def test_a_python_that_does_not_fit_is_named_with_its_version(machine: Machine, version: str) -> None:
    machine.stub("python3", version)
    machine.stub("python3.11", text="#!/bin/sh\nexit 127\n")  # a name that pyenv has for what is not chosen
    assert f"python3 is {version}" in machine.refuses()


def test_a_python_without_venv_is_told_its_package(machine: Machine) -> None:
    machine.stub("python3", "3.12", lacks_venv=True)
    assert "python3 (Python 3.12) lacks venv" in (said := machine.refuses())
    assert said.endswith("apt install python3.12-venv.")


def test_a_named_python_that_does_not_run_is_said_to(machine: Machine) -> None:
    machine.stub("python3", "3.12")
    assert "PYTHON=/no/python" in machine.refuses("PYTHON=/no/python")


@pytest.mark.parametrize(
    ("pythons", "chosen"),
    [
        ({"python3.14": "3.14", "python3": "3.9"}, "python3.14"),
        ({"python3": "3.13"}, "python3"),
        ({"python3.11": "3.11", "python3.13": "3.13", "python3": "3.12"}, "python3.11"),
        ({"python3.11": "", "python3.13": "3.13"}, "python3.13"),  # the first has no venv
    ],
)
def test_the_first_python_that_fits_is_taken(machine: Machine, pythons: dict[str, str], chosen: str) -> None:
    for name, version in pythons.items():
        machine.stub(name, version or name.removeprefix("python"), lacks_venv=not version)
    assert f"/bin/{chosen} runs scripts/install.py" in machine.install().stdout


def test_a_named_python_is_taken_before_all_others(machine: Machine) -> None:
    machine.stub("python3.11", "3.11")
    machine.stub("mine", "3.13")
    assert "/bin/mine runs scripts/install.py" in machine.install("PYTHON=mine").stdout
    assert "/bin/mine runs scripts/install.py" in machine.install(PYTHON="mine").stdout


def test_torch_comes_first_and_alone_and_nothing_is_done_twice(begun: Machine) -> None:
    said = begun.install()
    assert said.returncode == 0, said.stderr
    first, second = begun.calls
    torch = next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("torch=="))
    assert first.endswith(f" {torch}")
    assert second.endswith(f" -r {begun.place}/requirements.txt")
    assert all("--only-binary :all:" in call for call in begun.calls)
    assert (begun.venv / ".installed").exists()
    begun.install("PYTHON=python3")
    assert begun.install().stdout == f"{MAKE.rpartition('/')[2]}: Nothing to be done for 'install'.\n"
    assert len(begun.calls) == 2


def test_torch_without_cuda_where_there_is_no_driver_and_its_index_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install = script("install")

    class Index(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200 if self.path == "/whl/cpu/torch/" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    monkeypatch.delenv("TORCH_INDEX", raising=False)
    monkeypatch.setattr(install.sys, "platform", "linux")
    monkeypatch.setattr(install, "has_nvidia_driver", lambda: False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        index = f"http://127.0.0.1:{server.server_port}/whl/cpu"
        monkeypatch.setattr(install, "CPU_INDEX", index)
        assert install.torch_index(install.Life()) == index
        monkeypatch.setattr(install, "CPU_INDEX", index.replace("cpu", "none"))
        assert install.torch_index(install.Life()) == ""
        server.shutdown()
        thread.join()
    assert "cannot be reached: torch from the default index" in capsys.readouterr().out
    monkeypatch.setattr(install, "has_nvidia_driver", lambda: True)
    assert install.torch_index(install.Life()) == ""
    assert "There is an NVIDIA driver" in capsys.readouterr().out
    monkeypatch.setenv("TORCH_INDEX", "https://mine.example")
    assert install.torch_index(install.Life()) == "https://mine.example"


def test_a_torch_index_that_is_named_is_asked_and_an_empty_one_is_the_default(begun: Machine) -> None:
    begun.install("TORCH_INDEX=https://mine.example")
    begun.install("TORCH_INDEX=", "-B")
    assert "--index-url https://mine.example torch==" in begun.calls[0]
    assert not any("--index-url" in call for call in begun.calls[1:])


def test_what_pip_fails_with_is_one_sentence(begun: Machine) -> None:
    said = begun.refuses(SAYS="Collecting torch\nERROR: something that nobody has thought of", ENDS="1")
    assert "pip could not install the requirements: ERROR: something that nobody has thought of" in said
    assert (begun.venv / "install.log").read_text().startswith("Collecting torch\nERROR: something")
    assert not (begun.venv / ".installed").exists()


UNREACHABLE = "The package index http://127.0.0.1:9/ cannot be reached"


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "The disk is full"),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)': /simple/torch/\n"
            "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: none)\n"
            "ERROR: No matching distribution found for torch==2.13.0",
            UNREACHABLE,
        ),
        ("Traceback (most recent call last):\npip._vendor.urllib3.exceptions.ReadTimeoutError: ...", UNREACHABLE),
        (
            "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError(...)': /simple/torch/\n"
            "ERROR: Could not find a version that satisfies the requirement numba==0.68.1 (from versions: 0.1, 0.2)\n"
            "ERROR: No matching distribution found for numba==0.68.1",
            f"There is no wheel of numba==0.68.1 for Python {HERE} here",
        ),
        ("/usr/bin/python3: No module named ensurepip", f"lacks venv or ensurepip: on Debian .* python{HERE}-venv"),
        ("ERROR: Could not install: [Errno 13] Permission denied: '/x'", "may not be written by this user"),
    ],
)
def test_what_pip_says_has_a_sentence(monkeypatch: pytest.MonkeyPatch, says: str, sentence: str) -> None:
    install = script("install")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1))
    assert re.search(sentence, said := install.explain(says, "It failed"))
    assert said.endswith(".")
    assert "\n" not in said


def test_a_full_disk_of_pips_cache_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    install = script("install")
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2e10, 1e10, 1e10))
    assert "A disk is full, not that of" in install.explain("OSError: [Errno 28] No space left on device", "It failed")


def test_an_interrupted_install_says_so_and_leaves_nothing_running(begun: Machine) -> None:
    process = subprocess.Popen(
        [MAKE, "install"],
        cwd=begun.place,
        env=begun.surroundings(TAKES="60"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    assert process.stdout
    while "fetching" not in process.stdout.readline():
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)  # whoever held on to its output would hang this
    assert process.returncode != 0
    assert "Stopped; the same command goes on from here." in said
    assert "Traceback" not in said


def test_packages_that_were_half_copied_are_installed_again(begun: Machine) -> None:
    for name, files in {"whole-1.0.dist-info": ["METADATA", "RECORD"], "half-1.0.dist-info": ["METADATA"]}.items():
        (begun.packages / name).mkdir()
        for file in files:
            (begun.packages / name / file).write_text("Name: x\n")
    (begun.venv / "fetched" / "pip-unpack-1").mkdir(parents=True)
    assert begun.install().returncode == 0
    assert {path.name for path in begun.packages.glob("*.dist-info")} == {"whole-1.0.dist-info"}
    assert not (begun.venv / "fetched").exists()


@pytest.mark.parametrize("missing", ["lib", "pyvenv.cfg", "bin"])
def test_a_half_made_environment_is_made_whole(begun: Machine, tmp_path: Path, missing: str) -> None:
    """Also without its pyvenv.cfg, where its Python would be the machine's own and install there."""
    stub = tmp_path / "first" / "ensurepip"
    stub.mkdir(parents=True)
    (stub / "__init__.py").touch()
    (stub / "__main__.py").write_text(
        "import pathlib, sysconfig\n"
        "pip = pathlib.Path(sysconfig.get_path('purelib'), 'pip')\n"
        "pip.mkdir(parents=True, exist_ok=True)\n"
        "(pip / '__init__.py').touch()\n"
        f"(pip / '__main__.py').write_text({PIP!r})\n"
    )
    gone = begun.venv / missing
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    said = begun.install(PYTHONPATH=str(stub.parent))
    assert said.returncode == 0, said.stderr
    assert "making .venv" in said.stdout
    assert (begun.venv / "pyvenv.cfg").exists()
    assert len(begun.calls) == 2


def test_a_full_disk_while_the_environment_is_made_is_said(begun: Machine, tmp_path: Path) -> None:
    shutil.rmtree(begun.venv)
    stub = tmp_path / "first" / "ensurepip"
    stub.mkdir(parents=True)
    (stub / "__init__.py").touch()
    (stub / "__main__.py").write_text("raise OSError(28, 'No space left on device')\n")
    assert "disk is full" in begun.refuses(PYTHONPATH=str(stub.parent))


def test_an_environment_of_another_python_is_refused_and_kept(begun: Machine) -> None:
    python = begun.venv / "bin" / "python"
    python.unlink()
    python.write_text(STUB.format(version="3.9", lacks_venv=0))
    python.chmod(0o755)
    assert f".venv is of Python 3.9, and this is Python {HERE}: `make clean` removes it." in begun.refuses()
    python.unlink()
    python.symlink_to("/a/python/that/is/gone")
    assert "does not run any more: `make clean` removes it." in begun.refuses("PYTHON=python3")
    assert begun.packages.exists()


def test_what_it_is_at_is_said_with_how_many_of_how_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install = script("install")
    monkeypatch.setattr(install, "FETCHED", tmp_path / "fetched")
    monkeypatch.setattr(install, "packages", lambda: tmp_path)
    (tmp_path / "fetched").mkdir()
    pip = install.Pip(["numpy==2.4.6", "SQLAlchemy==2.1.9", 'tonic==1.7.0; python_version < "3.12"'])
    pip.hear("Ignoring tonic: markers 'python_version < \"3.12\"' don't match your environment")
    assert str(pip) == "fetching ..., 0 of 2 requirements, 0 MB"
    pip.hear("Requirement already satisfied: numpy==2.4.6 in ./.venv/lib (from -r requirements.txt (line 1)) (2.4.6)")
    pip.hear("Collecting SQLAlchemy==2.1.9 (from -r requirements.txt (line 2))")
    pip.hear("Collecting greenlet>=1 (from SQLAlchemy==2.1.9)")
    pip.hear("  Downloading greenlet-3.2.4-cp311-cp311-manylinux_2_24_x86_64.whl (587 kB)")
    (tmp_path / "fetched" / "greenlet.whl").write_bytes(bytes(3_000_000))
    assert str(pip) == "fetching greenlet 3.2.4 (587 kB), 2 of 2 requirements and 1 that they need, 3 MB"
    for line, at in {
        "  Downloading yattag-1.9.2.tar.gz (28 kB)": "yattag 1.9.2 (28 kB)",
        "  Using cached torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (3 kB)": "torch 2.13.0 (3 kB)",
        "Processing /wheels/torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl": "torch 2.13.0+cpu",
        "  Downloading what pip may say one day": "day",
    }.items():
        pip.hear(line)
        assert str(pip).startswith(f"fetching {at}, 2 of 2")
    pip.hear("Installing collected packages: greenlet, SQLAlchemy")
    (tmp_path / "greenlet-3.2.4.dist-info").mkdir()
    assert str(pip) == "installing sqlalchemy, 1 of 2 packages, 3 MB"
    (tmp_path / "sqlalchemy-2.1.9.dist-info").mkdir()
    assert str(pip) == "compiling sqlalchemy, 2 of 2 packages, 3 MB"


def test_a_terminal_has_one_line_that_changes_and_a_log_has_lines(begun: Machine) -> None:
    log = begun.install(SAYS="Collecting torch==2.13.0", TAKES="0.6").stdout
    assert "\r" not in log
    assert "\x1b" not in log
    assert re.search(r"^fetching .*requirements, 0 MB, \d+ s$", log, re.MULTILINE)
    (begun.venv / ".installed").unlink()
    ours, theirs = pty.openpty()
    surroundings = begun.surroundings(SAYS="Collecting torch==2.13.0", TAKES="0.6", COLUMNS="60")
    process = subprocess.Popen([MAKE, "install"], cwd=begun.place, env=surroundings, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait(30) == 0
    lines = re.findall(rb"\r(fetching [^\r\n]*)\x1b\[K", said)
    assert len(lines) > 2
    assert all(len(line) < 60 for line in lines)


def test_every_place_names_the_same_pythons() -> None:
    fits = re.search(r'^fits="([\d. ]+)"', (ROOT / "scripts" / "python.sh").read_text(), re.MULTILINE)
    assert fits
    versions = fits[1].split()
    first, last = (tuple(map(int, version.split("."))) for version in (versions[0], versions[-1]))
    assert (first, last) == script("install").FITS
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">={}.{},<{}.{}".format(*first, last[0], last[1] + 1)
    table = re.findall(r"^\| (3\.\d+) \| (.*) \|$", (ROOT / "docs" / "install.md").read_text(), re.MULTILINE)
    assert [python for python, cells in table if "no:" not in cells] == versions


def test_the_table_of_wheels_is_of_todays_pins() -> None:
    table = (ROOT / "docs" / "install.md").read_text()
    rows = dict(re.findall(r"^\| ([a-z][\w-]+) ([\w.]+) \|", table, re.MULTILINE))
    pins = dict(line.split("==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line)
    pins = {re.sub("[_.]", "-", name.lower()): version for name, version in pins.items()}
    assert {"torch", "numpy", "numba"} <= set(rows) & set(pins)
    assert {name: rows[name] for name in set(rows) & set(pins)} == {name: pins[name] for name in set(rows) & set(pins)}
