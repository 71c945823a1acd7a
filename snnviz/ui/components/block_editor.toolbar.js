// Depth, history, presets, backward connections, text, brush.

const EXAMPLE = "0 0 1 2 / 0 0 0 1 / 0 0 0 0 / 0 0 0 0";
const DO = {
  shallower: (editor) => changeDepth(editor, -1),
  deeper: (editor) => changeDepth(editor, +1),
  undo: (editor) => editor.undo(),
  redo: (editor) => editor.redo(),
  clear: (editor) => editor.change(cleared(editor.drawing.now), "all skips removed"),
};

function changeDepth(editor, by) {
  const depth = depthOf(editor.drawing.now) + by;
  if (depth < MIN_DEPTH || depth > MAX_DEPTH) return;
  editor.change(resized(editor.drawing.now, depth), `${depth} layers`);
}

function makeToolbar(editor) {
  const one = (selector) => editor.root.querySelector(selector);
  const all = (selector) => [...editor.root.querySelectorAll(selector)];

  for (const button of all("button[data-do]")) {
    editor.on(button, "click", () => {
      DO[button.dataset.do](editor);
      if (button.disabled) editor.keepFocus(); // a disabled button takes no keys, so Ctrl+Z would be lost
    });
  }

  const back = one("[role=switch]");
  editor.on(back, "click", () => editor.switchBack());

  makePanel(editor, one(".presets"));
  makePanel(editor, one(".paste"));
  const presets = makePresets(editor);
  makeText(editor);
  makeBrush(editor);

  function paint({ now, past, future }) {
    const depth = depthOf(now);
    presets.paint();
    one(".depth").hidden = editor.fixed;
    one(".depth .number").textContent = depth;
    one("[data-do=shallower]").disabled = depth <= MIN_DEPTH;
    one("[data-do=deeper]").disabled = depth >= MAX_DEPTH;
    one("[data-do=undo]").disabled = !past.length;
    one("[data-do=redo]").disabled = !future.length;
    back.setAttribute("aria-checked", String(!editor.noBack));
    back.setAttribute("aria-disabled", String(Boolean(editor.closed))); // still there for the keyboard, to say why
    back.title = editor.closed ?? "Connections to earlier layers, which arrive one time step late";
    one(".legend .back").hidden = Boolean(editor.noBack);
    one("[data-do=clear]").disabled = !now.flat().some(Boolean);
    one(".count").textContent = summary(now);
    one("[name=n_skip]").max = depth - 1;
    one(".takers").textContent = editor.names.output ? "Every layer and the output take" : "Every layer takes";
    one("textarea").placeholder = editor.fixed ? `${depth + 1} rows of ${depth + 1} digits` : EXAMPLE;
    one("textarea").rows = depth < MANY ? 3 : 9;
  }

  return { paint };
}

/** A panel in the browser's top layer, where nothing of the page covers or clips it. It hangs below its button. */
function makePanel(editor, panel) {
  const button = editor.root.querySelector(`[popovertarget="${panel.id}"]`);
  const hang = () => {
    const { left, right, bottom } = button.getBoundingClientRect();
    const frame = editor.frame.getBoundingClientRect();
    const page = document.documentElement.clientWidth;
    const [side, other, gap] =
      left + right < frame.left + frame.right ? ["left", "right", left] : ["right", "left", page - right];
    panel.style[side] = `max(8px, min(${gap}px, ${page - 8}px - var(--wide)))`;
    panel.style[other] = "auto";
    panel.style.top = `${bottom + 6}px`;
  };
  editor.on(panel, "beforetoggle", (event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    hang();
  });
  editor.on(window, "scroll", hang, { capture: true, passive: true });
  editor.on(window, "resize", hang);
}

function makePresets(editor) {
  const panel = editor.root.querySelector(".presets");
  const form = panel.querySelector("form");
  const message = form.querySelector(".problem");
  const list = panel.querySelector(".list");

  let offered = null; // the presets on the list

  function paint() {
    if (same(offered, editor.presets)) return;
    offered = editor.presets;
    list.replaceChildren(...offered.map(preset));
  }

  function preset({ name, hint, edges }, index) {
    const button = document.createElement("button");
    button.type = "button";
    button.autofocus = index === 0;
    button.append(name, Object.assign(document.createElement("small"), { textContent: hint }));
    editor.on(button, "click", () => {
      editor.change(fromCompact(edges[depthOf(editor.drawing.now)]), `${name} block`);
      panel.hidePopover();
    });
    return button;
  }

  /** The draw from a seed is Python's own, so the same seed gives the same block in a script. */
  async function drawFromSeed() {
    const [n_skip, edge, seed] = ["n_skip", "edge", "seed"].map((name) => Number(form.elements[name].value));
    message.textContent = "";
    const answer = await editor.ask({ depth: depthOf(editor.drawing.now), n_skip, edge, seed });
    if (answer.sentence) message.textContent = answer.sentence;
    else editor.change(answer.edges, `${n_skip} ${edge === DSC ? "DSC" : "ASC"} into every layer, seed ${seed}`);
  }

  editor.on(form, "submit", (event) => {
    event.preventDefault();
    drawFromSeed();
  });
  editor.on(form.querySelector(".another"), "click", () => {
    form.elements.seed.value = Number(form.elements.seed.value) + 1;
    drawFromSeed();
  });

  return { paint };
}

function makeText(editor) {
  const panel = editor.root.querySelector(".paste");
  const form = panel.querySelector("form");
  const area = form.querySelector("textarea");
  const message = form.querySelector(".problem");

  const complain = (sentence) => {
    message.textContent = sentence;
    area.setAttribute("aria-invalid", String(Boolean(sentence)));
  };

  editor.on(panel, "beforetoggle", () => {
    area.value = "";
    complain("");
  });
  editor.on(area, "input", () => complain(""));
  editor.on(area, "keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
  editor.on(form, "submit", async (event) => {
    event.preventDefault();
    const text = area.value.includes("/") ? area.value : area.value.trim().replace(/\s*\n\s*/g, " / ");
    const answer = await editor.ask({ text });
    if (answer.sentence) return complain(answer.sentence);
    if (editor.refuses(answer.edges)) return complain(`Backward connections: ${editor.closed}`);
    editor.change(answer.edges, "block pasted");
    panel.hidePopover();
  });

  editor.on(editor.root.querySelector(".copy"), "click", async () => {
    const text = written(editor.drawing.now);
    try {
      await navigator.clipboard.writeText(text);
      editor.say(text.length > 200 ? "copied" : `copied: ${text}`);
    } catch {
      panel.showPopover(); // no clipboard without https or permission: offer the text, selected
      area.value = text;
      area.select();
      editor.say("press Ctrl+C to copy the text");
    }
  });
}

/** The kind of skip that dragging draws: a radio group, moved through with the arrow keys. */
function makeBrush(editor) {
  const brushes = [...editor.root.querySelectorAll("[data-brush]")];
  const choose = (kind) => {
    editor.drawing.brush = kind;
    for (const button of brushes) {
      const chosen = Number(button.dataset.brush) === kind;
      button.setAttribute("aria-checked", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
  };
  brushes.forEach((button, index) => {
    editor.on(button, "click", () => choose(Number(button.dataset.brush)));
    editor.on(button, "keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = brushes[(index + by + brushes.length) % brushes.length];
      choose(Number(next.dataset.brush));
      next.focus();
    });
  });
  choose(editor.drawing.brush);
}
