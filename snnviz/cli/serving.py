"""The command `serve`, which starts the dashboard."""

from __future__ import annotations

import os
import sys

import click

from snnviz.places import INSTALLED, TOP, cache_dir


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.option("--address", default="127.0.0.1", show_default=True, help="Who may come: 0.0.0.0 is everyone.")
@click.option("--browser/--no-browser", default=False, help="Open a browser window.")
def serve(port: int, address: str, browser: bool) -> None:
    """Start the dashboard, as `make run` does in a checkout; Ctrl-C ends it."""
    os.environ.setdefault("SNNVIZ_LOCAL", "1")
    os.environ["SNNVIZ_CACHE"] = str(cache_dir().absolute())
    if INSTALLED:
        cache_dir().mkdir(parents=True, exist_ok=True)
    os.chdir(TOP)  # where Streamlit finds its settings
    click.echo(f"http://{address}:{port}", err=True)
    options = ["--server.port", str(port), "--server.address", address, "--server.headless", str(not browser).lower()]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", "app.py", *options])
