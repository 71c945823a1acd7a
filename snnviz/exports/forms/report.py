"""One HTML file with the figures of a run live, which needs neither a server nor the net."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from snnviz.design import links
from snnviz.events import Branch, EpochEnd, LayerState, Sample
from snnviz.exports.card import card
from snnviz.exports.form import Export, ExportedRun, ProgressCallback
from snnviz.exports.report import Report
from snnviz.store.metrics import metrics
from snnviz.theory.metrics import METRICS
from snnviz.views.changes import label
from snnviz.views.numbers import metric_text
from snnviz.views.run import run_charts
from snnviz.views.runs import design_line

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; } h1, td { overflow-wrap: anywhere; } div[data-figure] { max-width: 100%; }
td, th { text-align: left; padding: 0.15rem 1.2rem 0.15rem 0; vertical-align: top; }
th { font-weight: 500; color: #555; } figure { margin: 2rem 0; } figcaption { color: #555; font-size: 0.9rem; }
@media print { figure { break-inside: avoid; } }
"""

SCRIPT = """
for (const place of document.querySelectorAll("div[data-figure]")) {
  const figure = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  if (innerWidth < 600) {  // of a phone, where a legend beside the lines leaves them no room
    const above = {orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom"};
    figure.layout.legend = {...figure.layout.legend, ...above};
  }
  Plotly.newPlot(place, figure.data, figure.layout, {responsive: true, displaylogo: false});
}
"""


def write(source: ExportedRun, path: Path, progress: ProgressCallback) -> Report:
    """Writes the design, what it reached, every metric and every chart of the run's page."""
    charts = list(run_charts(*(_rows(source, kind) for kind in (Sample, LayerState, EpochEnd, Branch))))  # type: ignore[arg-type]
    body = "".join(_body(source, charts))
    title = escape(source.run.title or design_line(source.design))
    path.write_text(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style>"
        f"<script>{get_plotlyjs()}</script></head>\n<body><h1>{title}</h1>\n{body}\n<script>{SCRIPT}</script></body></html>\n",
        encoding="utf-8",
    )
    progress(1.0)
    return Report(notes=(f"{len(charts)} figures, live without the net.",))


def _rows(source: ExportedRun, kind: Any) -> list[Any]:
    return [row for _, row in source.store.rows(source.run.run, kind)]


def _body(source: ExportedRun, charts: list[Any]) -> Iterator[str]:
    about, design = card(source), source.design
    reached = metrics(source.store, [source.run])[source.run.run]
    seeds = about["accuracy"]
    yield "<h2>What was trained</h2>"
    yield _table(
        {label(path): links.format_value(value) for path, value in links.sparse_fields(links.flatten(design)).items()}
    )
    yield _table(
        {
            "Run": source.run.run,
            "Digest of the design": about["digest"],
            "Data": f"{about['data']['title']}, {about['data']['licence']}. {about['data']['citation']}",
            "Seeds": f"{seeds['seeds']} run{'s' * (seeds['seeds'] != 1)} of this design" + _spread(seeds),
            "Versions": ", ".join(f"{name} {number}" for name, number in about["versions"].items()),
        }
    )
    yield "<h2>What it reached</h2>"
    yield _table({metric.label: metric_text(metric, reached[metric.name]) for metric in METRICS.listed})
    for place, chart in enumerate(charts):
        data = json.dumps(chart.figure, allow_nan=False).replace("<", "\\u003c")
        yield (
            f'<figure><h2>{escape(chart.title)}</h2><div data-figure="figure-{place}"></div>'
            f"<figcaption>{escape(chart.caption)}</figcaption>"
            f'<script type="application/json" id="figure-{place}">{data}</script></figure>\n'
        )
    yield f"<p>{escape(about['intended_use'])}</p>"


def _spread(seeds: dict[str, Any]) -> str:
    if seeds["standard_deviation"] is None:
        return ""
    return (
        f": accuracy {seeds['mean']:.1%} on average, standard deviation {100 * seeds['standard_deviation']:.1f} points"
    )


def _table(rows: dict[str, str]) -> str:
    inside = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in rows.items())
    return f"<table>{inside}</table>\n"


EXPORT = Export(
    name="report",
    label="Report (HTML)",
    help="One file with the design, every metric and every figure live, for a supplement or a hand-in; needs no net.",
    suffixes=(".html",),
    trained=False,
    write=write,
)
