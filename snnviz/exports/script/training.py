"""What a script has around its network: the images and their encoding, the test, and the training loop."""

from __future__ import annotations

import math
from collections.abc import Mapping

from snnviz.catalog.inits import is_data_dependent, weight_distribution
from snnviz.catalog.optimizers import adam, adamw, sgd
from snnviz.data.datasets import dataset_card
from snnviz.design.binning import Augment
from snnviz.design.design import Design
from snnviz.errors import InputError
from snnviz.exports.script import ttfs
from snnviz.exports.script.branches import branches_text, loss_text
from snnviz.exports.script.neurons import NeuronText
from snnviz.graph.branches import branch_layers
from snnviz.graph.layers import Architecture

White = int | tuple[float, float]
"""The value of a white pixel; of recordings mean and standard deviation of the counts of events."""

DRAW = '''
def seed_of(*purpose):
    """A seed for one purpose, such as ("order", epoch), so that no random draw depends on another."""
    text = "/".join(map(str, (SEED, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def draw(*purpose):
    """A random generator for one purpose."""
    return torch.Generator().manual_seed(seed_of(*purpose))
'''

ENCODE_FRAMES = '''
def encode(frames, *purpose):
    """The network's input (T, B, P, H, W) for frames of counts of events (B, T, P, H, W) uint8."""
    {body}
'''

FRAMES = "(frames.transpose(0, 1).float() - MEAN) / STD"

FIRED = """current = {current}
    neuron, spikes = {made}, []
    {states} = neuron.reset_mem()
    for t in range(STEPS):
        spike, {states} = neuron({now}, {states})
        spikes.append(spike.detach())
    return torch.stack(spikes)"""

ENCODE = '''
def encode(images, *purpose):
    """The network's input (T, B, C, H, W), or (1, B, C, H, W) if it is constant, for images (B, C, H, W) uint8."""
    intensity = images.float() / WHITE
    {body}
'''

BODIES = {
    "direct": "return ((intensity - MEAN) / STD).unsqueeze(0)  # the intensity is the current, at each time step",
    "latency": "return spikegen.latency(intensity, num_steps=STEPS, linear=True, normalize=True, clip=True)",
    "rate": 'return torch.bernoulli(intensity.repeat(STEPS, 1, 1, 1, 1), generator=draw("encode", *purpose))',
}

AUGMENT = '''
def augment(images, epoch, batch):
    """Mirrors and shifts training images (B, C, H, W) at random."""
    random = np.random.default_rng(seed_of("augment", epoch, batch))
    found = images.numpy().copy()
{lines}    return torch.from_numpy(found)
'''

FLIP = """    mirrored = random.random(len(found)) < 0.5
    found[mirrored] = found[mirrored][..., ::-1]
"""

SHIFT = """    height, width = found.shape[-2:]
    for sample, (dy, dx) in zip(found, random.integers(-SHIFT, SHIFT + 1, (len(found), 2))):
        moved = np.zeros_like(sample)
        if abs(dy) < height and abs(dx) < width:
            down, right = slice(max(dy, 0), height + min(dy, 0)), slice(max(dx, 0), width + min(dx, 0))
            up, left = slice(max(-dy, 0), height + min(-dy, 0)), slice(max(-dx, 0), width + min(-dx, 0))
            moved[..., down, right] = sample[..., up, left]
        sample[:] = moved
"""

DROPOUT = '''
def dropout(images, epoch, batch):
    """Which inputs of {name} are left out, at all time steps alike, and the factor of those that are not."""
    mask = torch.empty(images, {inputs}).bernoulli_({kept!r}, generator=draw("dropout", "{name}", epoch, batch))
    return (mask / {kept!r}).view(-1, {shape}).permute(0, 3, 1, 2).flatten(1)  # drawn with channels last
'''

TEST = '''
@torch.no_grad()
def test(network):
    """Returns the share of the test images that the network gets right."""
    network.eval()
    right, data = 0, load_file(HERE / "data.safetensors")
    for start in range(0, len(data["test_images"]), TEST_BATCH):
        some = slice(start, start + TEST_BATCH)
        logits = network(encode(data["test_images"][some], "test", start))
        right += (logits.argmax(1) == data["test_labels"][some]).sum().item()
    return right / len(data["test_images"])


def load(network, file):
    """Loads weights by name; what is missing are constants of the neurons."""
    missing, unexpected = network.load_state_dict(load_file(file), strict=False)
    learnt = {{name for name, _ in network.named_parameters()}} & {{*missing}}
    if learnt or unexpected:
        raise ValueError(f"weights of another network: {{sorted(learnt)}} missing, {{sorted(unexpected)}} too many")
    return network
'''

TRAIN = '''
def train(network):
    """Trains as the run did: the same images, in the same order, by the same steps."""
    data = load_file(HERE / "data.safetensors")
    images, labels = data["train_images"], data["train_labels"]
{branches}    optimizer = torch.optim.{optimizer}({parameters}, lr=LEARNING_RATE{arguments})
    for epoch in range(EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE{factor}
        order = torch.randperm(len(images), generator=draw("order", epoch))
        network.train()
        for batch, chosen in enumerate(order.split(BATCH_SIZE)):
            x = encode({images}, epoch, batch)
{loss}            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
{bounds}        print(f"epoch {{epoch + 1}}: loss {{loss.item():.4f}}, test accuracy {{test(network):.4f}}")
'''

INITIAL = '''
def initialise(network):
    """Draws the weights as the run's were: {law}, of these {what}, from the seed and the layer's name."""
    for name, (layer, size) in INITIAL_WEIGHTS.items():
        weight = getattr(network, layer).weight
        with torch.no_grad():
            weight.copy_({drawn})
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
            nn.init.zeros_(module.bias)
    return network
'''

MEASURED = '''
def initialise(network):
    """Loads the weights before training, whose initialisation measured the images."""
    return load(network, HERE / "initial.safetensors")
'''

MAIN = """
if __name__ == "__main__":
    if "--train" in sys.argv[1:]:
        model = initialise(Network())
        train(model)
        save_file(model.state_dict(), HERE / "trained.safetensors")
    else:
        model = load(Network(), HERE / "weights.safetensors")
    print(f"test accuracy {test(model):.4f}")
"""


def training_text(design: Design, architecture: Architecture, names: Mapping[str, str], neurons: NeuronText) -> str:
    """Returns the part of a script behind its network. Raises `InputError` for what cannot be written yet."""
    frames, once = dataset_card(design.data.name).counts is not None, design.network.code == "ttfs"
    encode = ENCODE_FRAMES if frames else ENCODE
    encoding = ttfs.ENCODE if once else encode.format(body=_encoding(design, architecture, neurons, frames=frames))
    parts = [DRAW, encoding]
    augment = design.data.augment
    if augment != Augment():
        lines = (FLIP if augment.flip == "on" else "") + (
            SHIFT.replace("SHIFT", str(augment.shift)) if augment.shift else ""
        )
        parts.append(AUGMENT.format(lines=lines))
    dropped = next((layer for layer in architecture.layers if layer.dropout), None)
    mask = ""
    if dropped is not None:
        channels, height, width = dropped.in_shape
        mask = ", dropout(len(chosen), epoch, batch)"
        values = {"name": dropped.name, "kept": 1 - dropped.dropout, "inputs": dropped.fan_in}
        parts.append(DROPOUT.format(shape=f"{height}, {width}, {channels}", **values))
    parts.append(TEST.replace("{{", "{").replace("}}", "}"))
    parts.append(_initial(design, architecture, names))
    optimizer, arguments = _optimizer(design)
    count = len(branch_layers(design))
    loss = f"            loss = F.cross_entropy(network(x{mask}), labels[chosen])\n"
    if count:
        parts.append(branches_text(design, architecture, names))
        loss = loss_text(design, mask, count)
    parts.append(
        TRAIN.format(
            optimizer=optimizer,
            arguments=arguments,
            factor=_factor(design),
            images="augment(images[chosen], epoch, batch)" if augment != Augment() else "images[chosen]",
            loss=loss,
            branches="    branches = Branches()\n" if count else "",
            parameters="[*network.parameters(), *branches.parameters()]" if count else "network.parameters()",
            bounds=ttfs.AFTER_STEP if once else _bounds(neurons),
        )
    )
    parts.append(MAIN)
    return "\n".join(parts)


def constants_text(design: Design, white: White, test_batch: int) -> str:
    """Returns the numbers at the top of a script."""
    card, training = dataset_card(design.data.name), design.training
    shown = "time steps T that each image is shown for" if isinstance(white, int) else "frames T of a recording"
    lines = [f"SEED = {design.seed}", f"STEPS = {design.data.steps}  # {shown}"]
    if not isinstance(white, int):
        lines += [f"MEAN = {white[0]!r}  # of the counts of events", f"STD = {white[1]!r}"]
    else:
        lines.append(f"WHITE = {white}  # the value of a white pixel")
    if isinstance(white, int) and design.data.encoding.kind in ("direct", "lif"):
        lines += [f"MEAN = {card.mean!r}  # of the intensities of the training images", f"STD = {card.std!r}"]
    lines += [
        f"EPOCHS = {training.epochs}",
        f"BATCH_SIZE = {training.batch_size}",
        f"LEARNING_RATE = {training.learning_rate!r}  # in the first epoch",
        f"TEST_BATCH = {test_batch}",
    ]
    return "\n".join(lines) + "\n"


def _encoding(design: Design, architecture: Architecture, neurons: NeuronText, *, frames: bool) -> str:
    kind = design.data.encoding.kind
    if kind == "lif":  # the neurons of the network, before training
        made = f"neurons({architecture.input_shape if 'shape' in neurons.constructor else ''})"
        current, now = (FRAMES, "current[t]") if frames else ("(intensity - MEAN) / STD", "current")
        return FIRED.format(made=made, states=", ".join(neurons.states), current=current, now=now)
    if frames and kind == "direct":
        return f"return {FRAMES}"
    if kind not in BODIES:
        raise InputError("run", f"have an encoding that a script can write: {', '.join(BODIES)}", kind)
    return BODIES[kind]


def _initial(design: Design, architecture: Architecture, names: Mapping[str, str]) -> str:
    if is_data_dependent(design.init):
        return MEASURED
    laws = {
        layer.name: weight_distribution(design.init, layer.fan_in, layer.fan_out, design.neuron, None)
        for layer in architecture.weighted
    }
    uniform = any(law.uniform for law in laws.values())
    rows = "".join(
        f'    "{name}": ("{names[name]}", {law.limit if uniform else math.sqrt(law.variance)!r}),\n'
        for name, law in laws.items()
    )
    table = f"\nINITIAL_WEIGHTS = {{\n{rows}}}\n"
    drawn = 'torch.randn(weight.shape, generator=draw("weight", name)) * size'
    if uniform:
        drawn = '(2 * torch.rand(weight.shape, generator=draw("weight", name)) - 1) * size'
    law, what = ("uniform", "limits") if uniform else ("normal", "standard deviations")
    return table + "\n" + INITIAL.format(law=law, what=what, drawn=drawn)


def _optimizer(design: Design) -> tuple[str, str]:
    """The class of torch.optim, and its arguments as text."""
    choice = design.training.optimizer
    known = {"adam": adam, "adamw": adamw, "sgd": sgd}
    if choice.kind not in known:
        raise InputError("run", f"be trained by an optimizer that a script can write: {', '.join(known)}", choice.kind)
    name, arguments = known[choice.kind](**choice.parameters)
    return name, "".join(f", {key}={value!r}" for key, value in arguments.items())


def _factor(design: Design) -> str:
    """The factor of the learning rate in an epoch."""
    choice = design.training.schedule
    if choice.kind == "cosine":
        return " * 0.5 * (1 + math.cos(math.pi * epoch / EPOCHS))"
    if choice.kind == "constant":
        return ""
    if choice.kind == "step":
        return f" * {choice['factor']!r} ** (epoch // {choice['every']})"
    raise InputError("run", "have a schedule that a script can write: cosine, constant, step", choice.kind)


def _bounds(neurons: NeuronText) -> str:
    """Lines that put what neurons learn back within bounds after each step."""
    if not neurons.bounds:
        return ""
    lines = ["            with torch.no_grad():  # what a step took past an end is put back"]
    lines.append("                for name, parameter in network.named_parameters():")
    for name, (low, high) in neurons.bounds.items():
        lines.append(f'                    if name.endswith("_lif.{name}"):')
        lines.append(f"                        parameter.clamp_({low}, {high})")
    return "\n".join(lines) + "\n"
