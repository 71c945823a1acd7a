// History, presets, text, brush. What a block or a cell alone has is in its own toolbar.

const DO = {
  undo: (editor) => editor.undo(),
  redo: (editor) => editor.redo(),
  clear: (editor) => editor.change(cleared(editor.drawing.now), RULES.cleared),
};

function makeToolbar(editor) {
  const one = (selector) => editor.root.querySelector(selector);

  for (const button of editor.root.querySelectorAll("button[data-do]")) {
    editor.on(button, "click", () => {
      (DO[button.dataset.do] ?? OWN[button.dataset.do])(editor);
      if (button.disabled) editor.keepFocus(); // a disabled button takes no keys, so Ctrl+Z would be lost
    });
  }

  makePanel(editor, one(".presets"));
  makePanel(editor, one(".paste"));
  const presets = makePresets(editor);
  const own = makeOwnTools(editor);
  makeText(editor);
  makeBrush(editor);

  function paint(drawing) {
    presets.paint();
    one("[data-do=undo]").disabled = !drawing.past.length;
    one("[data-do=redo]").disabled = !drawing.future.length;
    one("[data-do=clear]").disabled = !drawing.now.flat().some(Boolean);
    one(".count").textContent = summary(drawing.now);
    own.paint(drawing);
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

/** The list of presets, and a draw from a seed, which is Python's own: the same seed is the same draw in a script. */
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
      editor.change(fromCompact(edges[depthOf(editor.drawing.now)]), `${name} ${RULES.what}`);
      panel.hidePopover();
    });
    return button;
  }

  async function draw() {
    const { question, words } = drawQuestion(form, editor.drawing.now);
    message.textContent = "";
    const answer = await editor.ask(question);
    if (answer.sentence) message.textContent = answer.sentence;
    else editor.change(answer.edges, words);
  }

  editor.on(form, "submit", (event) => {
    event.preventDefault();
    draw();
  });
  editor.on(form.querySelector(".another"), "click", () => {
    const next = form.elements[RULES.next];
    next.value = Number(next.value) + 1;
    draw();
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
    editor.change(answer.edges, `${RULES.what} pasted`);
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

/** What dragging draws: a radio group, moved through with the arrow keys. */
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
