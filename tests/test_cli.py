"""The command line: every command in both forms, and one line with exit code 2 for whatever is not right."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnviz import cli, links
from snnviz.catalog.examples import EXAMPLES, named
from snnviz.design import Design
from snnviz.events import EpochEnd, LayerState
from snnviz.jobs.immediate import Immediate
from snnviz.places import ROOT
from snnviz.store import Store
from snnviz.theory import costs
from tests.conftest import MakeDesign
from tests.designs import broken
from tests.waiting import until

REPORT = {
    "run", "cached", "state", "seconds", "accuracy", "loss", "rate", "parameters", "macs", "layers", "epochs",
}  # fmt: skip
LAYER = {"name", "rate", "var_u", "grad_norm"}
EPOCH = {"epoch", "train_accuracy", "test_accuracy", "train_loss", "test_loss"}
EXPLODING = {
    "data": {"train_samples": 50, "test_samples": 10, "steps": 1},
    "network": {"kind": "mlp", "depth": 80, "width": 10},
    "neuron": {"surrogate": {"kind": "triangle", "slope": 0.1}},
    "init": {"kind": "kaiming", "gain": 20},
    "training": {"epochs": 3, "batch_size": 50},
}


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout; NaN and Infinity are not JSON."""
        assert self.out.count("\n") == 1
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))

    @property
    def sentence(self) -> str:
        """The one line that bad input ends with."""
        assert (self.code, self.out) == (2, ""), self
        assert self.err.endswith("\n")
        line = self.err[:-1]
        assert line.isprintable(), line
        assert 0 < len(line) < 400
        return line


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNNVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SNNVIZ_STORE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def snnviz(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Runs a command in this process."""

    def call(*arguments: str, stdin: str | bytes = "") -> Answer:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        code = 0
        try:
            cli.main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return call


Snnviz = Callable[..., Answer]


def process(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "snnviz", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes)


def write(folder: Path, document: object, name: str = "design.json") -> str:
    path = folder / name
    path.write_text(json.dumps(document))
    return str(path)


def test_the_named_designs_are_listed(snnviz: Snnviz) -> None:
    human, machine = snnviz("designs"), snnviz("designs", "--json")
    assert list(machine.json) == list(EXAMPLES)
    assert [line.split()[0] for line in human.out.splitlines()] == list(EXAMPLES)
    assert human.out.startswith("digits ")
    assert all(machine.json.values())


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_named_design_is_printed_as_json_and_linked(snnviz: Snnviz, name: str) -> None:
    printed = snnviz("design", name)
    assert Design.read(printed.out) == named(name)
    link = snnviz("link", name)
    assert link.out.startswith("?")
    assert links.from_query(link.out.strip()) == named(name)
    assert snnviz("link", "-", stdin=printed.out).out == link.out


def test_fields_are_set_by_path(snnviz: Snnviz) -> None:
    settings = ("--set", "training.epochs=3", "--set", "neuron.threshold=0.8", "--set", "network.kind=mlp")
    changed = links.change(
        Design(), {"training.epochs": 3, "neuron.threshold": 0.8, "network.kind": "mlp", "init": "kaiming"}
    )
    assert Design.read(snnviz("design", "digits", *settings, "--set", "init=kaiming").out) == changed
    assert snnviz("link", "digits", *settings).out == ("?network.kind=mlp&neuron.threshold=0.8&training.epochs=3\n")


def test_a_design_comes_from_a_file_or_from_standard_input(snnviz: Snnviz, tmp_path: Path) -> None:
    path = write(tmp_path, {"seed": 4})
    bare = write(tmp_path, {"seed": 4}, name="no-ending")
    marked = tmp_path / "marked.json"
    marked.write_text('\ufeff{"seed": 4}')  # as Windows' editors write it
    for answer in (
        snnviz("link", path),
        snnviz("link", bare),
        snnviz("link", str(marked)),
        snnviz("link", "-", stdin='{"seed": 4}'),
    ):
        assert (answer.code, answer.out, answer.err) == (0, "?seed=4\n", "")


def test_a_run_is_one_json_object_with_everything_in_it(snnviz: Snnviz, tiny: MakeDesign, tmp_path: Path) -> None:
    path = write(tmp_path, tiny().document())
    first = snnviz("run", path, "--json")
    assert (first.code, first.err) == (0, "")
    report = first.json
    assert set(report) >= REPORT
    assert report["run"] == tiny().digest
    assert (report["cached"], report["state"], report["error"]) == (False, "done", None)
    assert 0 < report["accuracy"] < 1
    assert report["seconds"] > 0
    assert (report["parameters"], report["macs"]) == (costs.parameters(tiny()), costs.macs(tiny()))
    assert [layer["name"] for layer in report["layers"]] == ["L1", "L2", "readout"]
    assert all(set(layer) == LAYER for layer in report["layers"])
    assert [epoch["epoch"] for epoch in report["epochs"]] == [1, 2, 3]
    assert all(set(epoch) == EPOCH for epoch in report["epochs"])
    assert report["epochs"][-1]["test_accuracy"] == report["accuracy"]

    store = Store()
    final = [row for _, row in store.rows(report["run"], EpochEnd)][-1]
    assert (final.test_accuracy, final.test_loss, final.rate) == tuple(report[n] for n in ("accuracy", "loss", "rate"))
    states = [row for _, row in store.rows(report["run"], LayerState)]
    assert states[-1].var_u == report["layers"][-1]["var_u"]
    store.close()

    second = snnviz("run", "-", "--json", stdin=json.dumps(tiny().document()))
    assert second.json == {**report, "cached": True}
    assert snnviz("show", report["run"], "--json").json == second.json


def test_a_run_for_people(snnviz: Snnviz, tiny: MakeDesign, tmp_path: Path) -> None:
    path = write(tmp_path, tiny().document())
    first = snnviz("run", path, "--set", "seed=9")
    assert (first.code, first.err) == (0, "")  # no progress bar where nobody looks
    assert f"run        {tiny(9).digest}\n" in first.out
    assert re.search(r"^test +accuracy \d+\.\d\d%, loss \d\.\d{4}, rate \d+\.\d\d%$", first.out, re.MULTILINE)
    assert f"design     {links.in_a_line(tiny(9))}\n" in first.out
    again = snnviz("run", path, "--set", "seed=9")
    assert again.out == first.out.replace(tiny(9).digest, f"{tiny(9).digest} (cached)")
    assert snnviz("show", tiny(9).digest[:5]).out == again.out


def test_a_cached_run_is_shown_without_loading_torch(tiny: MakeDesign, tmp_path: Path) -> None:
    store = Store()
    run = Immediate(store).submit(tiny()).run
    store.close()
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "snnviz", "run", write(tmp_path, tiny().document()), "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    report = json.loads(shown.stdout)
    assert (report["run"], report["cached"]) == (run, True)
    loaded = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in shown.stderr.splitlines()}
    assert "sqlalchemy" in loaded
    assert not loaded & {"torch", "snntorch", "tonic", "sklearn", "scipy", "streamlit", "pandas", "plotly"}


def test_runs_are_listed_newest_first(snnviz: Snnviz, tiny: MakeDesign) -> None:
    assert snnviz("runs", "--json").json == {"runs": []}
    assert snnviz("runs").out == ""
    store = Store()
    trained = Immediate(store).submit(tiny(1)).run
    waiting = store.submit(tiny(2)).run
    store.rename(trained, "mine")
    store.close()
    found = snnviz("runs", "--json").json["runs"]
    assert [(run["run"], run["state"], run["title"]) for run in found] == [
        (waiting, "queued", ""),
        (trained, "done", "mine"),
    ]
    assert found[0]["accuracy"] is None
    assert 0 < found[1]["accuracy"] < 1
    lines = snnviz("runs").out.splitlines()
    assert re.fullmatch(rf"{waiting}  queued +-  {re.escape(links.in_a_line(tiny(2)))}", lines[0])
    assert re.fullmatch(rf"{trained}  done +\d+\.\d%  mine", lines[1])


def test_a_run_that_waits_is_shown_cancelled_and_deleted(snnviz: Snnviz, tiny: MakeDesign) -> None:
    store = Store()
    run = store.submit(tiny()).run
    shown = snnviz("show", run, "--json").json
    assert (shown["state"], shown["cached"], shown["accuracy"], shown["layers"]) == ("queued", False, None, [])
    assert "state      queued" in snnviz("show", run).out
    assert snnviz("cancel", run[:6]).out == f"{run} was queued: cancelled\n"
    assert store.get(run).state == "cancelled"
    assert snnviz("cancel", run).out == f"{run} was cancelled: cancelled\n"
    assert snnviz("delete", run[:6]).out == f"{run} is deleted\n"
    assert store.runs() == []
    assert "there is no such run" in snnviz("show", run).sentence
    store.close()


def test_doctor_tells_what_there_is(snnviz: Snnviz, cache: Path) -> None:
    found = snnviz("doctor", "--json").json
    assert set(found) >= {"snnviz", "python", "packages", "device", "cores", "free_memory", "data", "store", "engine"}
    assert found["packages"]["torch"].startswith("2.")
    assert found["data"]["digits"] == "here"
    assert found["store"] == {"place": str(cache)}
    assert found["engine"] == "local, no supervisor running"
    human = snnviz("doctor").out
    assert [line.split()[0] for line in human.splitlines()] == list(found)


def test_doctor_also_tells_of_a_store_that_cannot_be_used(snnviz: Snnviz, cache: Path) -> None:
    cache.mkdir()
    (cache / "runs.sqlite").write_bytes(b"something else" * 100)
    found = snnviz("doctor", "--json")
    assert found.code == 0
    assert "damaged" in found.json["store"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Missing command; see python -m snnviz --help"),
        (("frobnicate",), "No such command 'frobnicate'"),
        (("run",), "Missing argument 'NAME'"),
        (("show",), "Missing argument 'RUN'"),
        (("design", "digits", "more"), "Got unexpected extra argument (more)"),
        (("design", "digits", "--set"), "Option '--set' requires an argument"),
        (("runs", "--jsn"), "No such option '--jsn'"),
        (("design", "digits", "--set", "epochs"), "--set must have the form path=value, got 'epochs'"),
        (("design", "digits", "--set", "=1"), "link must be a field of a design, got 1"),
        (("run", "digits", "--set", "training.epochs=nan"), "training.epochs must be a whole number from 1 to 1000"),
        (("run", "digits", "--set", "training.epochs=1e999"), "training.epochs must be a whole number"),
        (("run", "digits", "--set", "training.epohcs=3"), "training.epohcs must be a field of a design, got 3; did"),
        (("run", "digits", "--set", "network.edges=0/1"), "network.edges must be a square matrix"),
        (("run", "digits", "--set", "data.name=../../etc/passwd"), "data.name must be one of digits, mnist, fashion"),
        (("run", "digts"), "design must be one of digits, digits-sequential, digits-dense, digits-mlp, fashion-cnn, "
         "got 'digts'; did you mean 'digits'?"),
        (("run", ""), "design must be one of digits, "),
        (("run", "x" * 5000), "design must be one of digits, "),
        (("run", "a\nb.json"), "design must be readable (no such file or directory), got 'a\\nb.json'"),
        (("run", "/"), "design must be readable (is a directory), got '/'"),
        (("run", "/dev/zero"), "design must be at most 65,536 characters of JSON"),
        (("show", "../x"), "run must be the name of a run (16 hexadecimal digits) or its start, got '../x'"),
        (("show", ""), "run must be the name of a run"),
        (("show", "abc"), "run must be the name of a run or its start (there is no such run), got 'abc'"),
        (("cancel", "abc"), "run must be the name of a run or its start (there is no such run), got 'abc'"),
        (("delete", "%"), "run must be the name of a run"),
        (("link", "nowhere.json"), "design must be readable (no such file or directory), got 'nowhere.json'"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_that_says_what_is_wrong(
    snnviz: Snnviz, arguments: tuple[str, ...], sentence: str
) -> None:
    assert snnviz(*arguments).sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "design must be valid JSON"),
        (b"[]", "design must be a JSON object, got []"),
        (b"null", "design must be a JSON object, got None"),
        (b'{"seed": NaN}', "seed must be a whole number from 0 to 2147483647, got nan"),
        (b'{"seed": 1e400}', "seed must be a whole number from 0 to 2147483647, got inf"),
        (b'{"seed": ' + b"9" * 5000 + b"}", "design must be valid JSON"),
        (b'{"neuron": {"threshold": -1}}', "neuron.threshold must be a number from 0 to 10, got -1"),
        (b'{"network": {"kind": "rnn"}}', "network.kind must be one of block, mlp, cnn, got 'rnn'"),
        (b'{"network": {"edges": [[0]]}}', "network.kind must be one of block, mlp, cnn, got None"),
        (b'{"init": "kaimng"}', "init.kind must be one of "),
        (b'{"a\\u0000\\n": 1}', "a\\x00\\n must be a field of a design, got 1"),
        (b"[" * 60_000, "design must be"),
        (b'{"seed": ' + b" " * 10_000_000 + b"1}", "design must be at most 65,536 characters of JSON"),
        (bytes(range(256)), "design must be readable (it is not UTF-8 text)"),
        ('{"seed": 1}'.encode("utf-16"), "design must be readable (it is not UTF-8 text)"),
    ],
)  # fmt: skip
def test_a_bad_design_is_one_line_from_a_file_and_from_standard_input(
    snnviz: Snnviz, tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    for answer in (snnviz("run", str(file), "--json"), snnviz("run", "-", "--json", stdin=content)):
        assert answer.sentence.startswith(sentence)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(broken(), st.booleans())
def test_a_design_that_breaks_a_rule_is_one_line_that_names_the_field(
    snnviz: Snnviz, case: tuple[str, dict[str, Any]], as_json: bool
) -> None:
    path, document = case
    try:
        text = json.dumps(document)
    except (TypeError, ValueError):
        return
    line = snnviz("run", "-", *(["--json"] if as_json else []), stdin=text).sentence
    assert " must " in line
    assert ", got " in line
    if len(text) < 4000:
        assert line.startswith(path if path.isprintable() else repr(path)[1:-1])


def test_an_unreadable_file_is_one_line(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    file = tmp_path / "secret.json"
    file.write_text("{}")
    file.chmod(0)
    answer = process("design", str(file))
    out, err = answer.communicate(timeout=60)
    assert Answer(answer.returncode, out, err).sentence.startswith("design must be readable (permission denied)")


def test_standard_input_that_is_closed_is_one_line() -> None:
    closed = subprocess.run(
        f'exec "{sys.executable}" -m snnviz design - <&-', shell=True, cwd=ROOT, capture_output=True, text=True
    )
    answer = Answer(closed.returncode, closed.stdout, closed.stderr)
    assert answer.sentence == "design must be readable (standard input is closed), got '-'"


def test_a_start_that_several_runs_share_is_one_line(snnviz: Snnviz, tiny: MakeDesign) -> None:
    store = Store()
    names = [store.submit(tiny(seed)).run for seed in range(17)]
    store.close()
    shared = next(name[0] for name in names if sum(other[0] == name[0] for other in names) > 1)
    assert re.match(rf"run must be .* \(\d runs start so\), got '{shared}'", snnviz("show", shared).sentence)


@pytest.mark.parametrize(
    "arguments", [("run", "digits"), ("runs",), ("show", "abc"), ("cancel", "abc"), ("delete", "abc")]
)
def test_a_store_that_cannot_be_used_is_one_line(snnviz: Snnviz, cache: Path, arguments: tuple[str, ...]) -> None:
    cache.mkdir()
    (cache / "runs.sqlite").write_bytes(b"something else" * 100)
    assert "is damaged or not a store, and was left as it is" in snnviz(*arguments).sentence


def test_a_design_that_is_too_large_is_one_line(snnviz: Snnviz) -> None:
    huge = ["network.kind=mlp", "network.depth=200", "network.width=4096", "data.steps=100", "training.batch_size=2048"]
    line = snnviz("run", "digits", *(part for setting in huge for part in ("--set", setting))).sentence
    assert re.match(
        r"design must fit into the [\d.,]+ GB of memory that are free, got one that needs [\d,]+ GB; ", line
    )


def test_a_run_that_diverges_ends_with_exit_code_1(snnviz: Snnviz, tmp_path: Path) -> None:
    path = write(tmp_path, EXPLODING)
    answer = snnviz("run", path, "--json")
    assert answer.code == 1
    report = answer.json  # infinite gradients are null
    assert report["state"] == "failed"
    assert report["error"].startswith("The weights of L1 became infinite in epoch 1")
    assert answer.err == f"{report['error']}\n"
    again = snnviz("run", path)  # a failed run is tried again, and fails again
    assert (again.code, again.err) == (1, answer.err)
    assert "state      failed" in again.out


def test_ctrl_c_stops_a_run_which_can_be_taken_up_again(snnviz: Snnviz, long: MakeDesign, tmp_path: Path) -> None:
    path, run = write(tmp_path, long(3, epochs=5).document()), long(3, epochs=5).digest
    store = Store()

    def interrupt(moment: Callable[[], object]) -> None:
        running = process("run", path, "--json")
        until(moment)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
        assert (running.returncode, out) == (130, "")
        assert err == "\nStopped: the same command goes on from the last epoch.\n"
        assert store.get(run).state == "cancelled"

    interrupt(lambda: store.counts()["running"])  # torch is being loaded
    interrupt(lambda: store.last(EpochEnd, [run]))
    before = [row for _, row in store.rows(run, EpochEnd)]
    assert snnviz("run", path).code == 0
    done = store.get(run)
    assert (done.state, done.attempt) == ("done", 3)
    after = [row for _, row in store.rows(run, EpochEnd)]
    assert [row.epoch for row in after] == [1, 2, 3, 4, 5]
    assert after[: len(before)] == before
    store.close()


def test_a_pipe_that_closes_early_is_no_trouble() -> None:
    answer = subprocess.run(
        f'"{sys.executable}" -m snnviz designs | head -c 1', shell=True, cwd=ROOT, capture_output=True, text=True
    )
    assert (answer.stdout, answer.stderr) == ("d", "")


def test_help_names_every_command(snnviz: Snnviz) -> None:
    for flag in ("-h", "--help"):
        text = snnviz(flag).out
        assert all(f"  {name} " in text for name in cli.commands.commands)
    for name in cli.commands.commands:
        assert snnviz(name, "-h").out.startswith(f"Usage: python -m snnviz {name}")
    assert snnviz("--version").out.startswith("snnviz, version ")
