"""The command line: every command in both forms."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snnviz import commands as cli
from snnviz.catalog.examples import EXAMPLES, get_example
from snnviz.design import links
from snnviz.design.design import Design
from snnviz.events import Checkpoint, EpochEnd, LayerState
from snnviz.jobs.immediate import Immediate
from snnviz.places import ROOT
from snnviz.store import Store
from snnviz.theory import costs
from snnviz.theory.operations import operations_per_image
from tests.cli.conftest import Snnviz, process, write
from tests.conftest import MakeDesign
from tests.recorded import put
from tests.waiting import until

REPORT = {
    "run", "cached", "state", "seconds", "accuracy", "loss", "rate", "parameters", "macs", "layers", "epochs",
    "operations",
}  # fmt: skip
LAYER = {
    "name", "rate", "density", "var_u", "grad_norm", "saturation", "shortcut", "beta", "threshold",
    "synops", "macs", "additions", "probe",
}  # fmt: skip
EPOCH = {"epoch", "train_accuracy", "test_accuracy", "train_loss", "test_loss"}


def test_the_named_designs_are_listed(snnviz: Snnviz) -> None:
    human, machine = snnviz("designs"), snnviz("designs", "--json")
    assert list(machine.json) == list(EXAMPLES)
    assert [line.split()[0] for line in human.out.splitlines()] == list(EXAMPLES)
    assert human.out.startswith("digits ")
    assert all(machine.json.values())


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_named_design_is_printed_as_json_and_linked(snnviz: Snnviz, name: str) -> None:
    printed = snnviz("design", name)
    assert Design.read(printed.out) == get_example(name)
    link = snnviz("link", name)
    assert link.out.startswith("/design")
    assert links.from_query(link.out.strip().removeprefix("/design")) == get_example(name)
    assert snnviz("design", link.out.strip()).out == printed.out
    assert snnviz("link", "-", stdin=printed.out).out == link.out


def test_fields_are_set_by_path(snnviz: Snnviz) -> None:
    settings = ("--set", "training.epochs=3", "--set", "neuron.threshold=0.8", "--set", "network.kind=mlp")
    changed = links.change(
        Design(), {"training.epochs": 3, "neuron.threshold": 0.8, "network.kind": "mlp", "init": "kaiming"}
    )
    assert Design.read(snnviz("design", "digits", *settings, "--set", "init=kaiming").out) == changed
    assert snnviz("link", "digits", *settings).out == (
        "/design?network.kind=mlp&neuron.threshold=0.8&training.epochs=3\n"
    )


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
        assert (answer.code, answer.out, answer.err) == (0, "/design?seed=4\n", "")


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
    assert (report["parameters"], report["macs"]) == (costs.parameter_count(tiny()), costs.macs_per_step(tiny()))
    assert [layer["name"] for layer in report["layers"]] == ["L1", "L2", "readout"]
    assert all(set(layer) == LAYER for layer in report["layers"])
    assert 0 < report["operations"]["macs"] + report["operations"]["additions"] < report["operations"]["dense"]
    assert (report["operations"]["convention"], report["operations"]["estimated"]) == ("additions", False)
    assert set(report["operations"]["neurobench"]) == {"macs", "additions", "picojoules"}
    assert [epoch["epoch"] for epoch in report["epochs"]] == [1, 2, 3]
    assert all(set(epoch) == EPOCH for epoch in report["epochs"])
    assert report["epochs"][-1]["test_accuracy"] == report["accuracy"]

    store = Store()
    final = [row for _, row in store.rows(report["run"], EpochEnd)][-1]
    assert (final.test_accuracy, final.test_loss, final.rate) == tuple(report[n] for n in ("accuracy", "loss", "rate"))
    states = [row for _, row in store.rows(report["run"], LayerState)]
    assert report["operations"]["picojoules"] == operations_per_image(tiny(), states).by("additions").picojoules()
    assert states[-1].var_u == report["layers"][-1]["var_u"]
    store.close()

    second = snnviz("run", "-", "--json", stdin=json.dumps(tiny().document()))
    assert second.json == {**report, "cached": True}
    assert snnviz("show", report["run"], "--json").json == second.json


def test_a_run_that_holds_images_out_says_what_it_reaches_on_them(
    snnviz: Snnviz, tiny: MakeDesign, tmp_path: Path
) -> None:
    path = write(tmp_path, links.change(tiny(), {"data.validation": 0.25}).document())
    told = snnviz("run", path, "--json").json
    ends = told["epochs"]
    assert [set(end) for end in ends] == [EPOCH | {"validation_accuracy", "validation_loss"}] * len(ends)
    assert told["metrics"]["validation_accuracy"] == ends[-1]["validation_accuracy"]
    assert told["metrics"]["validation_loss"] == ends[-1]["validation_loss"]
    said = snnviz("run", path).out
    assert f"held out   accuracy {ends[-1]['validation_accuracy']:.2%}, loss" in said
    without = snnviz("run", write(tmp_path, tiny().document()), "--json").json
    assert "held out" not in snnviz("show", without["run"]).out
    assert without["metrics"]["validation_accuracy"] is None


def test_a_run_for_people(snnviz: Snnviz, tiny: MakeDesign, tmp_path: Path) -> None:
    path = write(tmp_path, tiny().document())
    first = snnviz("run", path, "--set", "seed=9")
    assert (first.code, first.err) == (0, "")  # no progress bar where nobody looks
    assert f"run        {tiny(9).digest}\n" in first.out
    assert re.search(r"^test +accuracy \d+\.\d\d%, loss \d\.\d{4}, rate \d+\.\d\d%$", first.out, re.MULTILINE)
    assert f"design     {links.one_line_summary(tiny(9))}\n" in first.out
    counted = r"^an image   [\d,]+ operations, where inputs are not 0 [\d,]+ MACs and [\d,]+ additions: [\d.,]+ nJ$"
    assert re.search(counted, first.out, re.MULTILINE)
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
    assert re.fullmatch(rf"{waiting}  queued +-  {re.escape(links.one_line_summary(tiny(2)))}", lines[0])
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
    assert found["store"] == {"place": str(cache), "damage": "none found"}
    assert found["engine"] == "local, no supervisor running"
    human = snnviz("doctor").out
    assert [line.split()[0] for line in human.splitlines()] == list(found)


def test_ctrl_c_stops_a_run_which_can_be_taken_up_again(snnviz: Snnviz, long: MakeDesign, tmp_path: Path) -> None:
    path, run = write(tmp_path, long(3, epochs=5).document()), long(3, epochs=5).digest
    store = Store()

    def interrupt(moment: Callable[[], object]) -> None:
        running = process("run", path, "--json")
        until(moment)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
        assert running.returncode == 130
        assert json.loads(out)["state"] == "cancelled"
        assert err == "\nStopped: the same command goes on from the last epoch.\n"
        assert store.get(run).state == "cancelled"

    interrupt(lambda: store.counts()["running"])  # torch is being loaded
    interrupt(lambda: store.last_rows(EpochEnd, [run]))
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


def test_a_run_on_a_part_of_the_data_says_so(
    snnviz: Snnviz, tiny: MakeDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNVIZ_DATA", str(tmp_path / "data"))
    put(tmp_path / "data" / "NMNIST", 12, 3, 20)
    path = write(tmp_path, links.change(tiny(), {"data.name": "nmnist"}).document())
    human, machine = snnviz("run", path), snnviz("run", path, "--json")
    sentence = "N-MNIST is on this machine in part: 12 of its 60,000 training and 3 of its 10,000 test recordings."
    assert f"note       {sentence}\n" in human.out
    assert machine.json["note"] == sentence


def test_what_layers_have_learnt_is_told_as_it_acts_also_of_a_run_of_before(snnviz: Snnviz) -> None:
    made = links.change(Design(), {"network.kind": "mlp", "network.depth": 2, "neuron.learn": "both"})
    store = Store()
    store.submit(made)
    claim = store.claim("me")
    assert claim is not None
    rows = [LayerState(1, 1.0, k, name, 0.1, 1.0, 0.2) for k, name in enumerate(("L1", "L2", "readout"))]
    store.append_rows(claim.run, claim.attempt, rows)
    arrays = {"L1.beta": 1.029, "L1.threshold": -0.1, "L2.beta": 0.8815, "L2.threshold": 1.5}
    held = {name: np.array(value, np.float32) for name, value in arrays.items()}
    store.save_checkpoint(claim.run, claim.attempt, Checkpoint(1, held))
    store.finish(claim.run, claim.attempt, "done")
    found = snnviz("show", claim.run, "--json").json
    told = [(row["beta"], row["threshold"]) for row in found["layers"]]
    assert told == [(1.0, pytest.approx(-0.1)), (pytest.approx(0.8815), 1.5), (None, None)]
    assert "L1 1.029 (acts as 1)" in found["learnt"]
    assert "L2" not in found["learnt"]
    human = snnviz("show", claim.run).out
    assert "beta 1, threshold -0.1" in human
    assert "L1 1.029 (acts as 1)" in human
    store.close()
