"""Every figure of a run's page as SVG, PDF and PNG, in one zip; needs kaleido and a Chromium."""

from __future__ import annotations

import importlib
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any, cast

from snnviz.errors import InputError
from snnviz.events import Branch, EpochEnd, LayerState, Sample
from snnviz.exports.form import Export, ExportedRun, ProgressCallback
from snnviz.exports.report import Report
from snnviz.views.run import run_charts

FORMATS = ("svg", "pdf", "png")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH, HEIGHT = 700, 420


def write(source: ExportedRun, path: Path, progress: ProgressCallback) -> Report:
    """Draws the figures in a browser without a window. Raises `InputError` where there is none, or no kaleido."""
    samples, layers, epochs, branches = (
        [row for _, row in source.store.rows(source.run.run, cast(Any, kind))]
        for kind in (Sample, LayerState, EpochEnd, Branch)
    )
    charts = run_charts(samples, layers, epochs, branches)
    try:
        kaleido: Any = importlib.import_module("kaleido")
    except ImportError:
        rule = "be made where kaleido is installed (pip install kaleido); the report has every figure, too"
        raise InputError("figures", rule, "no kaleido") from None
    browser = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError("figures", "be made where there is a Chromium or Chrome, such as BROWSER_PATH names", "none")
    done, whole = 0, len(charts) * len(FORMATS)
    kaleido.start_sync_server(n=1, path=browser, silence_warnings=True, page_generator=_page(kaleido))
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for chart in charts:
                for form in FORMATS:
                    options = {"format": form, "width": WIDTH, "height": HEIGHT, "scale": 2 if form == "png" else 1}
                    archive.writestr(f"{chart.id}.{form}", kaleido.calc_fig_sync(chart.figure, opts=options))
                    done += 1
                    progress(done / whole)
    finally:
        kaleido.stop_sync_server(silence_warnings=True)
    return Report(notes=(f"{len(charts)} figures, each as {', '.join(form.upper() for form in FORMATS)}.",))


def _page(kaleido: Any) -> Any:
    """A page that fetches nothing."""
    return kaleido.PageGenerator(mathjax=False)


EXPORT = Export(
    name="figures",
    label="Figures (SVG, PDF, PNG)",
    help="Every figure of the run's page in three formats, for a paper; needs kaleido and a Chromium on the server.",
    suffixes=(".zip",),
    trained=False,
    write=write,
)
