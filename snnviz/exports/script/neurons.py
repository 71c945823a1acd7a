"""The neurons of a script: snntorch's where it has them, else a few lines of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

from snnviz.catalog.neurons import learnable_parameters
from snnviz.design.design import Design
from snnviz.design.menus import Choice
from snnviz.errors import InputError
from snnviz.graph.layers import Layer

SURROGATE = '''
class {name}(torch.autograd.Function):
    """{about}"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        {backward}
'''

SIGMOID = SURROGATE.format(
    name="Sigmoid",
    about="A spike whose derivative is that of a logistic curve; snntorch's overflows in single precision.",
    backward="""tail = torch.exp(-SLOPE * x.abs())
        return gradient * SLOPE * tail / (1 + tail) ** 2""",
)

TRIANGLE = SURROGATE.format(
    name="Triangle",
    about="A spike whose derivative is a triangle (Bellec et al. 2018); snntorch has none like it.",
    backward="return gradient * torch.clamp(1 - SLOPE * x.abs(), min=0)",
)

PLIF = '''
class ParametricLeaky(snn.Leaky):
    """A LIF neuron that learns its time constant tau = 1 + exp(-w), of a leak 1 - 1/tau (Fang et al. 2021)."""

    def __init__(self, shape, **how):
        super().__init__(beta=0.5, **how)
        self.w = nn.Parameter(torch.full(shape, {start}))

    def forward(self, current, mem):
        self.beta = 1 - 1 / (1 + torch.exp(-self.w))
        return super().forward(current, mem)
'''


FUNCTION = '''

def neurons({given}):
    """The neurons of a layer."""
    return {made}
'''


@dataclass(frozen=True)
class NeuronText:
    """The neurons of a script as text, and the bounds of what they learn.

    definitions: lines before the network. constructor: an expression, which may ask for the `shape` of a layer's
    neurons. states: names of the states.
    """

    definitions: str
    constructor: str
    states: tuple[str, ...]
    bounds: dict[str, tuple[float, float | None]] = field(default_factory=dict)

    def constructor_call(self, layer: Layer) -> str:
        """Returns the expression that makes a layer's neurons."""
        if not self.states:
            return self.constructor
        shape = layer.out_shape[:1] if layer.kind == "linear" else layer.out_shape
        return f"neurons({shape if 'shape' in self.constructor else ''})"

    @property
    def function(self) -> str:
        """The function that makes a layer's neurons, "" if none is needed."""
        if not self.states:
            return ""
        given = "shape" if "shape" in self.constructor else ""
        kind, _, inner = self.constructor.removesuffix(")").partition("(")
        arguments = "".join(f"        {each},\n" for each in inner.split(", "))
        return FUNCTION.format(given=given, made=f"{kind}(\n{arguments}    )")


def neuron_text(design: Design) -> NeuronText:
    """Returns the neurons of a script. Raises `InputError` for kinds that cannot be written yet."""
    neuron = design.neuron
    if neuron.kind == "relu":
        return NeuronText("", "nn.ReLU()", ())
    fields = neuron.model_dump()
    if neuron.kind not in ("lif", "plif", "synaptic"):
        raise InputError("run", "be of neurons that a script can write: lif, plif, synaptic or relu", neuron.kind)
    before, gradient = _surrogate(fields["surrogate"])
    how = f'threshold=THRESHOLD, reset_mechanism="{fields["reset"]}", spike_grad={gradient}'
    numbers = f"\nTHRESHOLD = {fields['threshold']!r}  # theta: a neuron spikes above it\n"
    bounds = {each.name: each.bounds for each in learnable_parameters(neuron) if each.bounds}
    learnt = {each.name for each in learnable_parameters(neuron)}
    if neuron.kind == "plif":
        (each,) = learnable_parameters(neuron)
        text = PLIF.replace("{start}", repr(each.initial))
        shape = "shape" if each.each == "neuron" else "()"
        return NeuronText(numbers + before + "\n" + text, f"ParametricLeaky({shape}, {how})", ("mem",), bounds)
    numbers += f"BETA = {fields['beta']!r}  # the share of the potential kept from one step to the next\n"
    how += "".join(f", learn_{name}=True" for name in ("alpha", "beta", "threshold") if name in learnt)
    if neuron.kind == "synaptic":
        numbers += f"ALPHA = {fields['alpha']!r}  # the same of the synaptic current\n"
        made = f"snn.Synaptic(alpha=ALPHA, beta=BETA, {how})"
        return NeuronText(numbers + before, made, ("syn", "mem"), bounds)
    return NeuronText(numbers + before, f"snn.Leaky(beta=BETA, {how})", ("mem",), bounds)


def _surrogate(choice: Choice) -> tuple[str, str]:
    """The lines before the network, and the expression of the surrogate gradient."""
    slope = choice.get("slope")
    if choice["kind"] == "atan":
        return "", f"surrogate.atan(alpha={slope!r})"
    if choice["kind"] == "fast-sigmoid":
        return "", f"surrogate.fast_sigmoid(slope={slope!r})"
    if choice["kind"] in ("sigmoid", "triangle"):
        text = {"sigmoid": SIGMOID, "triangle": TRIANGLE}[str(choice["kind"])]
        return f"SLOPE = {slope!r}  # of the surrogate gradient\n\n{text}", f"{str(choice['kind']).title()}.apply"
    raise InputError("run", "be of a surrogate gradient that a script can write", choice["kind"])
