// Of a block alone: its depth, the switch for backward connections, skips drawn from a seed.

const EXAMPLE = "0 0 1 2 / 0 0 0 1 / 0 0 0 0 / 0 0 0 0";
const OWN = {
  shallower: (editor) => changeDepth(editor, -1),
  deeper: (editor) => changeDepth(editor, +1),
};

function changeDepth(editor, by) {
  const depth = depthOf(editor.drawing.now) + by;
  if (depth < MIN_DEPTH || depth > MAX_DEPTH) return;
  editor.change(resized(editor.drawing.now, depth), `${depth} layers`);
}

function makeOwnTools(editor) {
  const one = (selector) => editor.root.querySelector(selector);
  const back = one("[role=switch]");
  editor.on(back, "click", () => editor.switchBack());

  function paint({ now }) {
    const depth = depthOf(now);
    one(".depth").hidden = editor.fixed;
    one(".depth .number").textContent = depth;
    one("[data-do=shallower]").disabled = depth <= MIN_DEPTH;
    one("[data-do=deeper]").disabled = depth >= MAX_DEPTH;
    back.setAttribute("aria-checked", String(!editor.noBack));
    back.setAttribute("aria-disabled", String(Boolean(editor.closed))); // still there for the keyboard, to say why
    back.title = editor.closed ?? "Connections to earlier layers, which arrive one time step late";
    one(".legend .back").hidden = Boolean(editor.noBack);
    one("[name=n_skip]").max = depth - 1;
    one(".takers").textContent = editor.names.output ? "Every layer and the output take" : "Every layer takes";
    one("textarea").placeholder = editor.fixed ? `${depth + 1} rows of ${depth + 1} digits` : EXAMPLE;
    one("textarea").rows = depth < MANY ? 3 : 9;
  }

  return { paint };
}

/** What Python is asked to draw, and what is said when it did. */
function drawQuestion(form, now) {
  const [n_skip, edge, seed] = ["n_skip", "edge", "seed"].map((name) => Number(form.elements[name].value));
  const words = `${n_skip} ${edge === DSC ? "DSC" : "ASC"} into every layer, seed ${seed}`;
  return { question: { depth: depthOf(now), n_skip, edge, seed }, words };
}
