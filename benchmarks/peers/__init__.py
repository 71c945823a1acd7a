"""What benchmarks/training.py compares with, installed into a folder of its own that only the benchmark reads."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

from nets import Net

from peers.wiring import Peer

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".peers"
PEERS = {
    "snntorch": ("snntorch", "peers.snntorch_loop"),
    "SpikingJelly": ("spikingjelly", "peers.spikingjelly_multi"),
    "norse": ("norse", "peers.norse_cells"),
}
"""Distribution and module by name."""


class Unavailable(Exception):
    """Why a contestant does not take part."""


def install() -> None:
    """Into `FOLDER`, by pip, and without another torch."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    requirements = Path(__file__).parents[1] / "requirements.txt"
    subprocess.run(
        [*command, "--upgrade", "--target", str(FOLDER), "-r", str(requirements)], check=True, stdout=sys.stderr
    )


def prepare() -> None:
    """Installs the peers where they are missing, and makes them importable."""
    if not FOLDER.exists():
        try:
            install()
        except subprocess.CalledProcessError as error:
            print(f"the peers cannot be installed: {error}", file=sys.stderr)
    sys.path.append(str(FOLDER))


def build(name: str, net: Net) -> Peer:
    """Raises `Unavailable`."""
    try:
        module = importlib.import_module(PEERS[name][1])
    except ImportError as error:
        raise Unavailable(f"{name} cannot be imported: {error}") from None
    peer: Peer = module.build(net)
    return peer
