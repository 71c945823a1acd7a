"""The command `fit`."""

from __future__ import annotations

from snnviz.jobs.immediate import Immediate
from snnviz.store import Store
from tests.cli.conftest import Snnviz
from tests.conftest import MakeDesign


def test_layers_that_do_not_fit_are_named(snnviz: Snnviz) -> None:
    told = snnviz("fit", "digits", "--target", "xylo", "--json").json
    assert [each["target"] for each in told] == ["xylo"]
    assert told[0]["fits"] is False
    misfit = next(each for each in told[0]["misfits"] if each["layer"] == "L1")
    assert misfit["why"] == "Each neuron reads 144 inputs, and on the chip at most 63."
    assert misfit["source"].startswith("https://")
    lines = snnviz("fit", "digits").out
    assert "Loihi 2: within all limits that have a public source." in lines
    assert "XyloAudio 2: does not fit" in lines
    assert "target must be one of" in snnviz("fit", "digits", "--target", "truenorth").sentence


def test_a_run_is_named_as_a_design_is(snnviz: Snnviz, tiny: MakeDesign) -> None:
    store = Store()
    run = Immediate(store).submit(tiny(epochs=1)).run
    store.close()
    told = snnviz("fit", run[:8], "--set", "data.encoding=rate", "--target", "speck", "--json").json
    assert told[0]["fits"] is True
    assert "run must be the name of a run" in snnviz("fit", "zzzz").sentence
