"""Runs an exported script beside the recorded behaviour of the run's network, in a process of its own.

    python -I harness.py FOLDER

Nothing of snnviz can be imported here. FOLDER has ``network.py``, its weights, and ``neurons.json``: the module of each
layer's neurons by the layer's name. A line on stdin names a file of arrays: images, the number of the first (start),
input, and, in float32, each layer's true ``spikes/<layer>`` and ``potentials/<layer>``, (T, B, ...); of neurons that
spike once their ``times/<layer>``, (B, ...). The answer, a file named on stdout, has what the script makes of them:

- ``forced/<layer>``: its spikes in float32, where every layer is given what it would be given in the run's network:
  after each step spikes and potentials are replaced by the true ones;
- ``exact/<layer>``: its spikes in float64, of the whole network by itself;
- ``logits``, ``logits64``: of the whole network; ``input``: what it encodes the images to.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch


def main(folder: Path) -> None:
    """Answers until stdin is closed."""
    torch.set_num_threads(1)
    sys.modules["snnviz"] = None  # type: ignore[assignment]  # to import it is an error
    spec = importlib.util.spec_from_file_location("network", folder / "network.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    names = json.loads((folder / "neurons.json").read_text())
    for line in sys.stdin:
        with np.load(line.strip()) as file:  # no pickle: numpy's default
            given = {name: file[name] for name in file.files}
        answer = folder / "answer.npz"
        np.savez(answer, **script_outputs(script, names, given, folder))
        print(answer, flush=True)


@torch.no_grad()
def script_outputs(script: Any, names: dict[str, str], given: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Returns the arrays of an answer."""
    network = script.load(script.Network(), folder / "weights.safetensors").eval()
    x = torch.from_numpy(given["input"])
    found = {"input": script.encode(torch.from_numpy(given["images"]), "test", int(given["start"])).numpy()}
    forced = record_outputs(network, names, given)
    network(x)
    found |= {f"forced/{layer}": np.stack(outputs) for layer, outputs in forced.items()}
    network = script.load(script.Network(), folder / "weights.safetensors").eval()
    found["logits"] = network(x).numpy()
    exact = record_outputs(network.double(), names, {})
    found["logits64"] = network(x.double()).numpy()
    return found | {f"exact/{layer}": np.stack(outputs) for layer, outputs in exact.items()}


def record_outputs(network: Any, names: dict[str, str], true: dict[str, Any]) -> dict[str, list[Any]]:
    """Records the outputs of each layer's neurons, by layer and time step; where the `true` spikes and potentials are
    given, they take the place of its own.
    """
    recorded: dict[str, list[Any]] = {layer: [] for layer in names}

    def hook(layer: str) -> Any:
        def replace_output(_: Any, __: Any, output: Any) -> Any:
            if isinstance(output, torch.Tensor):  # spike times
                recorded[layer].append(output.numpy())
                return torch.from_numpy(true[f"times/{layer}"]) if f"times/{layer}" in true else output
            spikes, *states, potential = output
            t = len(recorded[layer])
            recorded[layer].append((spikes > 0).numpy())
            if f"spikes/{layer}" in true:
                spikes = torch.from_numpy(true[f"spikes/{layer}"][t]).to(potential.dtype)
                potential = torch.from_numpy(true[f"potentials/{layer}"][t])
            return (spikes.to(potential.dtype), *states, potential)

        return replace_output

    for layer, module in names.items():
        network.get_submodule(module).register_forward_hook(hook(layer))
    return recorded


if __name__ == "__main__":
    main(Path(sys.argv[1]))
