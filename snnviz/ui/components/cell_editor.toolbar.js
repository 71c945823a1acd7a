// Of a cell alone: random ones, drawn as a search draws them.

const OWN = {};

function makeOwnTools() {
  return { paint: () => {} };
}

/** What Python is asked to draw, and what is said when it did. */
function drawQuestion(form) {
  const [number, seed] = ["number", "seed"].map((name) => Number(form.elements[name].value));
  const backward = form.elements.way.value === "backward";
  const words = `random ${backward ? "with backward connections" : "forward"}, number ${number} of seed ${seed}`;
  return { question: { number, seed, backward }, words };
}
