"""Section of the TTFS page: the cost of an image in the same network as ReLU, TTFS and rate-coded."""

from __future__ import annotations

import streamlit as st

from snnviz.design.design import Design
from snnviz.design.measurement import Measurement, measurement_digest
from snnviz.store import Run
from snnviz.store.metrics import metrics
from snnviz.studies.ttfs.charts.costs import RunSummary, cost_table
from snnviz.studies.ttfs.page.runs import run_panel
from snnviz.studies.ttfs.page.setting import DESIGN, STUDY
from snnviz.studies.ttfs.study import compared_networks
from snnviz.studies.ttfs.theory.twins import TwinPair
from snnviz.theory.operations import CAVEAT
from snnviz.theory.probe import describe_probe_on_page
from snnviz.ui.kit import measuring, services, task_runs
from snnviz.ui.kit.columns import column, column_config
from snnviz.ui.kit.shared import shared
from snnviz.views.results import Result

COUNTED = (
    f"{CAVEAT} Ramps and leaks are not in it. TTFS: every spike, the input's too, adds its weight once at each "
    "neuron that reads it; t_max events counted: every pixel and neuron sends once, as neurons as printed need to. "
    "ReLU, all operations: every product, padding included; zeros skipped: as silence is, by the same rule; black "
    "pixels skipped too: with the images' normalisation folded into the first layer, as TTFS has it. Rate-coded: "
    "counted in its run, a sum or an average of m spikes as m additions, by NeuroBench, where that differs, as a "
    "multiplication; a static image's first layer multiplies, once."
)


def compared_designs() -> dict[str, Design]:
    """Returns the three designs whose costs are compared, by name: "relu", "ttfs", "rate"."""
    return compared_networks(DESIGN.value, STUDY.value.steps)


def panel(pair: TwinPair) -> None:
    """Draws the table of costs, and the rate-coded network's run."""
    designs = compared_designs()
    runs = task_runs.runs_of(list(designs.values()))
    done = {name: _summary(each, runs[each.digest]) for name, each in designs.items() if _is_done(runs, each)}
    if pair.silent == "nothing":
        done["ttfs"] = RunSummary(pair.accuracy)
    elif "ttfs" not in done and "relu" in done and STUDY.value.weights == "relu":
        done["ttfs"] = RunSummary(done["relu"].accuracy)  # its logits are the same
    rated = done.get("rate")
    number = st.column_config.NumberColumn
    st.markdown("**Synaptic operations and energy of one image, in three networks of the same layers**")
    table = cost_table(pair, designs, done)
    table = table.assign(share=100 * table["share"], macs=table["macs"].round(), additions=table["additions"].round())
    st.dataframe(
        table,
        hide_index=True,
        key="ttfs-costs",
        placeholder="–",
        column_order=("network", "accuracy", "spikes", "energy", "share", "latency", "macs", "additions"),
        column_config=column_config(
            table,
            {
                "accuracy": column(
                    "accuracy",
                    help="Of finished runs; a mapped TTFS network has its ReLU network's; if silent neurons are "
                    "missed, on the images above.",
                ),
                "spikes": number("spikes per neuron", format="%.2f", help="Of one image, over all hidden neurons."),
                "latency": st.column_config.TextColumn(help="Until the readout (output layer) is read."),
                "macs": column("MACs", help="Each with an addition, of which a spike needs the addition alone."),
                "additions": column("additions", help="One for each synapse that a spike arrives at."),
                "energy": column("energy"),
                "share": number(
                    "of ReLUs'", format="%.0f %%", help="Energy: a share of that of ReLUs whose zeros are skipped."
                ),
            },
        ),
    )
    with st.expander("What is counted"):
        st.caption(COUNTED)
    if rated is not None:
        on = describe_probe_on_page(designs["rate"], rated.probe)
        st.caption(f"Rate-coded: on {on}; the others: on the test images above.")
        measuring.offer_measuring([designs["rate"]] if rated.probe is None else [], "ttfs-costs")
    row, widget = st.columns([8, 2], vertical_alignment="bottom")
    STUDY.number(widget, "steps")
    with row:
        run_panel("rate", designs["rate"], runs, (6, 4, 8))


def _is_done(runs: dict[str, Run], of: Design) -> bool:
    return of.digest in runs and runs[of.digest].state == "done"


def _summary(of: Design, run: Run) -> RunSummary:
    anew = task_runs.runs_of([Measurement(design=of)]).get(measurement_digest(of))
    return _read(run.run, run.finished, anew.finished if anew is not None else None)


@shared(200)
def _read(run: str, _finished: float | None, _measured: float | None) -> RunSummary:
    store = services.store()
    found = Result(metrics(store, [store.get(run)])[run])
    return RunSummary(found.accuracy, found.metrics["spikes"], found.operations, found.probe)
