"""Tags, notes, stars and filters on the command line."""

from __future__ import annotations

from snnviz.store import Store
from tests.cli.conftest import Snnviz
from tests.conftest import MakeDesign


def test_runs_are_tagged_noted_and_starred(snnviz: Snnviz, tiny: MakeDesign, shared: Store) -> None:
    first, second = (shared.submit(tiny(seed)).run for seed in (1, 2))
    assert snnviz("tag", first[:8], "homework", "week-2").out == f"{first} has the tags homework, week-2\n"
    assert snnviz("tag", first, "exam", "--remove", "Week-2").out == f"{first} has the tags exam, homework\n"
    assert snnviz("tag", second).out == f"{second} has no tags\n"
    assert snnviz("note", first, "dies in L3").out == "dies in L3\n"
    assert snnviz("note", first).out == "dies in L3\n"
    assert snnviz("star", first).out == f"{first} is starred\n"
    assert "run must have no star" in snnviz("delete", first).sentence
    assert "tag must be one word" in snnviz("tag", first, "two words").sentence
    listed = {run["run"]: run for run in snnviz("runs", "--json").json["runs"]}
    assert [listed[first][name] for name in ("tags", "notes", "starred")] == [["exam", "homework"], "dies in L3", True]
    assert [listed[second][name] for name in ("tags", "notes", "starred")] == [[], "", False]
    shown = snnviz("show", first, "--json").json
    assert (shown["tags"], shown["notes"], shown["starred"], shown["note"]) == (
        ["exam", "homework"], "dies in L3", True, None,
    )  # fmt: skip
    said = snnviz("show", first).out
    assert "marks      starred, exam homework\n" in said
    assert "written    dies in L3\n" in said
    assert snnviz("runs").out.splitlines()[1].endswith(" [exam] [homework] *")
    assert snnviz("note", first, "--remove").out == f"{first} has no note\n"
    assert snnviz("star", first, "--remove").out == f"{first} has no star\n"
    assert snnviz("delete", first).out == f"{first} is deleted\n"


def test_runs_are_listed_by_a_filter(snnviz: Snnviz, tiny: MakeDesign, shared: Store) -> None:
    runs = [shared.submit(tiny(seed)).run for seed in range(3)]
    shared.tag(runs[1], ["homework"])

    def found(text: str) -> list[str]:
        return [run["run"] for run in snnviz("runs", "--filter", text, "--json").json["runs"]]

    assert found("tag = homework") == [runs[1]]
    assert found("seed < 2 and network.width = 20") == runs[1::-1]
    assert found("accuracy > 0") == []
    assert snnviz("runs", "--filter", "acuracy > 0").sentence.startswith("filter must compare a field")
