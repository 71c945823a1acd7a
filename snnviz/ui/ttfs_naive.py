"""Part of the TTFS page: why a TTFS network does not learn with alpha = 1, before any step and step by step."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import streamlit as st

from snnviz.catalog.trajectories import Trajectories
from snnviz.design import CnnNetwork, MlpNetwork, checked
from snnviz.events import Course
from snnviz.places import cache_dir
from snnviz.registry import Range
from snnviz.theory.ttfs_spectra import RandomLayers, eigenvalues, negative, passed
from snnviz.ui import many, services
from snnviz.ui.components.charts import charts, payload
from snnviz.ui.trouble import told
from snnviz.ui.ttfs_setting import LINK, VIEW, design
from snnviz.ui.words import plain
from snnviz.views import ttfsnaive as views

KEY, STATE = "ttfs-naive", "ttfs_naive"
SPECTRA = "ttfs-naive-spectra"
"""The fragment of what is drawn at once; that of the training is `VIEW`, as it depends on the page's network."""

TRAIN = many.Verb("Train", "Training", "All trained", "comparison")

ABOUT = (
    "A TTFS neuron's slope at threshold is B = α + ΣW, and **1/B multiplies every gradient that passes it**. With a "
    "ramp of α = 1 for all neurons, B is whatever their weights make it: gradients explode, and a step of W is not the "
    "step of w that a ReLU network takes. The B1-model sets α = 1 − ΣW anew after every step, so that B = 1."
)
PAPER = (
    "**The paper's figures, full scale** (Stanojevic et al. 2023, Fig. 2a and 3; MNIST, 8 layers): B1 reaches 100 % of "
    "the training images in fewer than 100 epochs, on the ReLU network's curve; α1, from weights chosen for it and at "
    "a much smaller learning rate, needs about 2,000. How those weights were chosen is in no text that we could read. "
    "**What is trained here is small**, begins with B = 1, and where α = 1 another seed takes another course."
)


class Naive(RandomLayers):
    """What this view shows: random layers, and how much more slowly one of the networks learns."""

    slower: Annotated[float, Range(1, 10_000, "So many times more slowly the second network with α = 1 learns.", 1)] = (
        10.0
    )

    @classmethod
    def check(cls, document: object) -> Naive:
        """From a dictionary. Raises `InputError`."""
        return checked(cls, document, "a setting")

    @property
    def layers(self) -> RandomLayers:
        """Without what they do not depend on."""
        return RandomLayers(**self.model_dump(exclude={"slower"}))


def panel() -> None:
    """Random layers; below them the networks that learn."""
    with st.container():
        _spectra()
    st.markdown("**Train them**: a ReLU network, and TTFS networks that begin as the same function")
    active = many.is_active(many.runs_of([_setting()]))
    with st.container():  # of its own, so that a tick during a full run does not shift what stands beside it
        st.fragment(_courses, key=VIEW, run_every=many.EVERY if active else None)(active)
    st.caption(PAPER)


def _now() -> Naive:
    found: Naive = st.session_state[STATE]
    return found


def _setting() -> Trajectories:
    return Trajectories(design=design(), slower=_now().slower)


# -- before any step ---------------------------------------------------------------------------------------------------


@st.fragment(key=SPECTRA)
@told()
def _spectra() -> None:
    _widgets(_now())
    layers = _now().layers
    sentence, plane, depth = _drawn(layers)
    st.markdown(sentence)
    charts(plane, key="ttfs-naive-plane")
    charts(depth, key="ttfs-naive-depth")


def _widgets(now: Naive) -> None:
    row = st.columns([20, 26, 24, 18, 12], vertical_alignment="bottom", gap="medium")
    _slider(row[0], "neurons", "Neurons n", now.neurons)
    _slopes(row[1], now)
    _slider(row[2], "share", "Share of neurons that spike", now.share)
    many.segments(
        row[3],
        "Weights",
        "weights",
        ["one", "he"],
        now,
        KEY,
        _put,
        format_func={"one": "N(0, 1/n)", "he": "He: 2/n"}.get,
    )
    with row[4]:
        many.numbers(now, {"seed": "Seed"}, KEY, _put)
    if problem := st.session_state.get(f"{KEY}_problem"):
        st.error(plain(problem), icon=":material/error:")


def _slider(place: st.delta_generator.DeltaGenerator, name: str, label: str, value: float) -> None:
    limits = next(item for item in RandomLayers.model_fields[name].metadata if isinstance(item, Range))
    kind = type(value)
    place.slider(
        label,
        kind(limits.low),
        kind(limits.high),
        value,
        kind(limits.step or 1),
        help=limits.help,
        key=f"{KEY}-{name}@{many.revision(KEY)}",
        on_change=_put,
        args=(name,),
    )


def _slopes(place: st.delta_generator.DeltaGenerator, now: Naive) -> None:
    """Both bounds at one slider."""
    place.slider(
        "Chosen slopes B, drawn between",
        0.05,
        max(3.0, now.high),
        (now.low, now.high),
        0.05,
        help="Of the blue points, with the same W. A mapped network, whose W = B w grow with B, has the eigenvalues of "
        "B = 1 whatever B is.",
        key=f"{KEY}-slopes@{many.revision(KEY)}",
        on_change=_put_slopes,
    )


def _put_slopes() -> None:
    if many.is_said("slopes", KEY):
        low, high = many.chosen("slopes", KEY)
        st.session_state[STATE] = _now().model_copy(update={"low": round(low, 4), "high": round(high, 4)})
    st.rerun([SPECTRA, LINK])


def _put(name: str) -> None:
    many.put(name, STATE, KEY, Naive.check)
    st.rerun([SPECTRA, LINK] if name != "slower" else [VIEW, LINK])


@lru_cache(maxsize=64)
def _drawn(layers: RandomLayers) -> tuple[str, bytes, bytes]:
    """The sentence and the charts: of one setting the same for everybody."""
    found = eigenvalues(layers)
    shares = (1.0, layers.share if layers.share < 1 else 0.5)
    return (
        views.spectrum_verdict(found, negative(layers)),
        payload(views.spectrum_charts(layers, found)),
        payload([views.depth_chart(layers, passed(layers, shares))]),
    )


# -- step by step ------------------------------------------------------------------------------------------------------


@told()
def _courses(was_active: bool) -> None:
    setting = _setting()
    runs = many.runs_of([setting])
    if many.is_active(runs) != was_active:
        st.rerun()
    left, right = st.columns([14, 86], vertical_alignment="bottom")
    with left:
        many.numbers(_now(), {"slower": "Slower by"}, KEY, _put, held=["slower"] if was_active else ())
    with right:
        many.actions([setting], runs, KEY, verb=TRAIN, what="all four")
    run = runs.get(setting.digest)
    if run is not None and run.state == "failed" and run.error:
        st.error(plain(run.error), icon=":material/error:")
    glance = services.glance(setting.digest) if run is not None and run.state != "queued" else None
    drawn = _course_charts(str(cache_dir()), setting, glance[1], done=glance[0].state == "done") if glance else None
    if drawn is None:
        st.caption(
            "The network above, four times on the same batches: ReLUs, B = 1, α = 1, and α = 1 with a smaller learning "
            f"rate. The curves are drawn while they learn; you may leave meanwhile.{_shallow()}"
        )
        return
    st.markdown(drawn[0])
    charts(drawn[1], key="ttfs-naive-courses")


def _shallow() -> str:
    """With few factors 1/B not much happens."""
    network = design().network
    few = isinstance(network, MlpNetwork | CnnNetwork) and network.depth < 4
    return " With as few layers as now α = 1 still learns: take 8 layers." if few else ""


@lru_cache(maxsize=16)
def _course_charts(_place: str, setting: Trajectories, _version: str, *, done: bool) -> tuple[str, bytes] | None:
    found = views.by_model([row for _, row in services.store().rows(setting.digest, Course)], done=done)
    if not found or not found["relu"][-1].step:
        return None
    return views.course_verdict(found, setting.slower), payload(views.course_charts(found))
