"""Which layers of the drawn design are beyond the limits of neuromorphic chips."""

from __future__ import annotations

from tests.pages.visit import Visit


def test_what_does_not_fit_is_said_once_somebody_asks() -> None:
    visit = Visit()
    assert "XyloAudio 2" not in visit.text
    visit.at.session_state["fits"] = True
    visit.at.run()
    assert visit.errors == []
    text = visit.text.replace("\\:", ":")
    assert "Loihi 2: within all limits that have a public source." in text
    assert "XyloAudio 2: does not fit" in text
    assert "L1, L2, L3, L4: Each neuron reads 144 inputs, and on the chip at most 63." in text
    visit.put("data.encoding.kind", "rate")
    assert "Speck 2e: within all limits that have a public source." in visit.text.replace("\\:", ":")
