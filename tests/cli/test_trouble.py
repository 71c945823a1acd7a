"""The command line: one line with exit code 2 for whatever is not right."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnviz.catalog.examples import EXAMPLES
from snnviz.design.networks import KINDS
from snnviz.jobs import engine
from snnviz.jobs.immediate import Immediate
from snnviz.places import ROOT
from snnviz.store import Store
from tests.cli.conftest import Answer, Snnviz, process, write
from tests.conftest import MakeDesign
from tests.designs import broken

EXPLODING = {
    "data": {"train_samples": 50, "test_samples": 10, "steps": 1},
    "network": {"kind": "mlp", "depth": 80, "width": 10},
    "neuron": {"surrogate": {"kind": "triangle", "slope": 0.1}},
    "init": {"kind": "kaiming", "gain": 20},
    "training": {"epochs": 3, "batch_size": 50},
}


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
        (("run", "digts"), f"design must be one of {', '.join(EXAMPLES)}, got 'digts'; did you mean 'digits'?"),
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
        (b'{"network": {"kind": "rnn"}}', f"network.kind must be one of {', '.join(KINDS)}, got 'rnn'"),
        (b'{"network": {"edges": [[0]]}}', f"network.kind must be one of {', '.join(KINDS)}, got None"),
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


@pytest.mark.usefixtures("cache")
def test_doctor_tells_of_a_supervisor_that_hangs(snnviz: Snnviz, hung: tuple[Store, int]) -> None:
    store, pid = hung
    assert snnviz("doctor", "--json").json["engine"] == f"local, supervisor {pid}, not heard of yet"
    store.record_heartbeat(engine.owner_name("local", pid))
    assert re.fullmatch(rf"local, supervisor {pid}, heard of \d s ago", snnviz("doctor", "--json").json["engine"])
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE supervisors SET heartbeat = heartbeat - 50")
    said = snnviz("doctor", "--json").json["engine"]
    assert re.fullmatch(rf"local, supervisor {pid}, heard of 5\d s ago \(it hangs\)", said)


def test_the_store_is_copied_and_searched(snnviz: Snnviz, cache: Path, tiny: MakeDesign, tmp_path: Path) -> None:
    store = Store()
    store.submit(tiny())
    store.close()
    copy = tmp_path / "copy.sqlite"
    assert str(copy) in snnviz("store", "backup", str(copy)).out
    assert snnviz("store", "backup", str(copy)).sentence.startswith("file must be a name that is free, got ")
    copied = Store(copy)
    assert [run.run for run in copied.runs()] == [tiny().digest]
    copied.close()
    assert snnviz("store", "check", "--json").json == {
        "store": str(cache / "runs.sqlite"),
        "rows": 0,
        "damage": None,
        "found": [],
    }
    assert snnviz("doctor", "--json").json["store"]["damage"] == "none found"


def test_a_run_without_weights_says_how_long_training_again_takes(snnviz: Snnviz, tiny: MakeDesign) -> None:
    store = Store()
    run = Immediate(store).submit(tiny()).run
    assert snnviz("show", run, "--json").json["weights"]
    assert "weights  " not in snnviz("show", run).out
    assert snnviz("again", run).sentence == (
        "run must be a finished training whose weights are not kept, got one that has its weights"
    )
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET checkpoint = NULL")
    assert not snnviz("show", run, "--json").json["weights"]
    (line,) = [line for line in snnviz("show", run).out.splitlines() if line.startswith("weights")]
    assert re.fullmatch(rf"weights    not kept; training again takes about \d+ s: python -m snnviz again {run}", line)
    assert snnviz("again", run, "--json").json["weights"]
    assert store.get(run).attempt == 2
    store.close()
