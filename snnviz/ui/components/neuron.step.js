// What a neuron does in a time step, without a page: the LIF neuron of snnviz/catalog/neurons/lif.py in double
// precision, with the same order of operations. tests/ui/test_neuron.py runs this file beside it.

/** The potential of the next time step: what is kept of `u` after the leak, the current, and less the reset. */
function lifStep(u, current, { beta, threshold, reset }) {
  const spiked = u > threshold;
  const kept = reset === "zero" && spiked ? 0 : u;
  const next = beta * kept + current;
  return reset === "subtract" && spiked ? next - threshold : next;
}

/** Potentials and spikes (1 or 0) for a row of currents, from rest. */
function lifResponse(currents, neuron) {
  const potentials = [];
  let u = 0;
  for (const current of currents) potentials.push((u = lifStep(u, current, neuron)));
  return { potentials, spikes: potentials.map((value) => (value > neuron.threshold ? 1 : 0)) };
}

/** A number from 0 to 1 for a step: the same each time, so that a picture can be talked about. */
function chance(step) {
  let mixed = Math.imul(step + 0x9e3779b9, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 4294967296;
}

/** Normal noise of mean 0 and standard deviation 1 for a step (Box and Muller). */
function normal(step) {
  return Math.sqrt(-2 * Math.log(1 - chance(2 * step))) * Math.cos(2 * Math.PI * chance(2 * step + 1));
}

/** What flows in at a step, by the name of the pattern, around `current`. */
const PATTERNS = {
  constant: (current) => current,
  noise: (current, step) => current * (1 + normal(step)),
  pulses: (current, step) => (step % 8 < 2 ? 3 * current : 0),
};

const LOOKED = 1000; // steps that a sentence is about

/** What a neuron does in the long run, in a sentence. */
function sentence({ current, pattern, ...neuron }) {
  const inflow = Array.from({ length: LOOKED }, (_, step) => PATTERNS[pattern](current, step));
  const { potentials, spikes } = lifResponse(inflow, neuron);
  const count = spikes.reduce((sum, spike) => sum + spike, 0);
  if (!current) return "Nothing flows in, so the neuron is silent.";
  if (!count) {
    const top = Math.max(...potentials);
    return `The potential never rises above ${top.toFixed(2)}, and the threshold is ${neuron.threshold.toFixed(2)}: the neuron is silent.`;
  }
  if (count >= LOOKED - 1) return "The neuron spikes in every time step: it says nothing any more.";
  const share = `${((100 * count) / LOOKED).toFixed(count < LOOKED / 10 ? 1 : 0)} %`;
  const apart = LOOKED / count;
  const often = apart < 1.5 ? "almost every time step" : `about every ${apart < 10 ? apart.toFixed(1).replace(/\.0$/, "") : Math.round(apart)} time steps`;
  return `The neuron spikes ${often}: a firing rate of ${share}.`;
}
