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
        np.savez(answer, **answered(script, names, given, folder))
        print(answer, flush=True)


@torch.no_grad()
def answered(script: Any, names: dict[str, str], given: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Returns the arrays of an answer."""
    network = script.load(script.Network(), folder / "weights.safetensors").eval()
    x = torch.from_numpy(given["input"])
    found = {"input": script.encode(torch.from_numpy(given["images"]), "test", int(given["start"])).numpy()}
    forced = listen(network, names, given)
    network(x)
    found |= {f"forced/{layer}": np.stack(said) for layer, said in forced.items()}
    network = script.load(script.Network(), folder / "weights.safetensors").eval()
    found["logits"] = network(x).numpy()
    exact = listen(network.double(), names, {})
    found["logits64"] = network(x.double()).numpy()
    return found | {f"exact/{layer}": np.stack(said) for layer, said in exact.items()}


def listen(network: Any, names: dict[str, str], true: dict[str, Any]) -> dict[str, list[Any]]:
    """Records what each layer's neurons say, by layer and time step; where the `true` spikes and potentials are given,
    they take the place of what was said.
    """
    said: dict[str, list[Any]] = {layer: [] for layer in names}

    def hook(layer: str) -> Any:
        def heard(_: Any, __: Any, output: Any) -> Any:
            if isinstance(output, torch.Tensor):  # spike times
                said[layer].append(output.numpy())
                return torch.from_numpy(true[f"times/{layer}"]) if f"times/{layer}" in true else output
            spikes, *states, potential = output
            t = len(said[layer])
            said[layer].append((spikes > 0).numpy())
            if f"spikes/{layer}" in true:
                spikes = torch.from_numpy(true[f"spikes/{layer}"][t]).to(potential.dtype)
                potential = torch.from_numpy(true[f"potentials/{layer}"][t])
            return (spikes.to(potential.dtype), *states, potential)

        return heard

    for layer, module in names.items():
        network.get_submodule(module).register_forward_hook(hook(layer))
    return said


if __name__ == "__main__":
    main(Path(sys.argv[1]))
