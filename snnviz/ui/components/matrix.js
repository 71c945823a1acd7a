// The editor of a block or of a cell: the parts above, joined, and the protocol with Python.
//
// Every edit happens here and shows in the same frame. Python hears of it through the state `drawn` = {rev, edges}.
// Python's own matrix is taken only when `data.rev` changed: otherwise what is drawn here is newer than `data`, which
// is some clicks behind while somebody clicks fast. A draw from a seed and a pasted text go to Python as the state
// `ask` and come back in `data.answer`; they then are edits like any other.

const SEND_PAUSE = 40; // ms between two messages to Python while somebody clicks fast
const ASK_AGAIN = 500; // ms: a rerun that would answer may be cut short by the next click's
const PATIENCE = 6000; // ms to wait for an answer

// By data.key: they outlive the elements, which Streamlit may unmount and mount at any time. (The `key` that Streamlit
// itself hands over is another one at every mount.)
const drawings = new Map();
const editors = new WeakMap(); // by element

class Editor {
  constructor(root, drawing, data) {
    this.root = root;
    this.drawing = drawing;
    this.names = new Names(data.labels);
    this.gone = new AbortController();
    this.frame = root.querySelector(".editor");
    this.live = root.querySelector(".live");
    this.pointed = root.querySelector(".pointed");
    this.grid = makeGrid(this);
    this.graph = makeGraph(this);
    this.toolbar = makeToolbar(this);
    this.on(this.frame, "keydown", (event) => this.historyKeys(event));
    for (const type of ["keydown", "keypress", "keyup"]) {
      this.on(this.frame, type, (event) => event.stopPropagation()); // Streamlit's own hotkeys (r, c) stay out
    }
    this.sizes = new ResizeObserver(() => this.paint());
    this.sizes.observe(this.graph.box);
  }

  on(node, type, handler, options = {}) {
    node.addEventListener(type, handler, { ...options, signal: this.gone.signal });
  }

  leave() {
    this.flush();
    this.drawing.question = null;
    this.gone.abort();
    this.sizes.disconnect();
  }

  // -- what the parts call ------------------------------------------------------------------------------------------

  /** Why no backward connection may be drawn, or null where one may. */
  get noBack() {
    return this.closed ?? (this.drawing.back ? null : "turn on Backward connections");
  }

  refusal(i, j) {
    return refusal(i, j, this.noBack);
  }

  /** Says why `edges` may not be, and returns whether that is so. */
  refuses(edges) {
    const refused = Boolean(this.closed) && hasBack(edges);
    if (refused) this.say(`Backward connections: ${this.closed}`);
    return refused;
  }

  switchBack() {
    const { drawing } = this;
    if (this.readonly) return;
    if (this.closed) return this.say(`Backward connections: ${this.closed}`);
    drawing.back = !drawing.back;
    if (drawing.change(drawing.back ? drawing.now : withoutBack(drawing.now))) {
      return this.changed("backward connections removed");
    }
    this.paint();
    this.say(`backward connections ${drawing.back ? "on" : "off"}`);
  }

  draw(i, j, kind) {
    const before = this.drawing.now;
    const edges = put(before, i, j, kind);
    this.change(edges, told(this.names, before, edges, i, j));
  }

  change(edges, words) {
    if (this.readonly || this.refuses(edges)) return;
    if (this.drawing.change(edges)) this.changed(words);
    else this.say(words);
  }

  undo() {
    if (this.readonly || this.refuses(this.drawing.past.at(-1) ?? [])) return;
    if (this.drawing.undo()) this.changed(`undone, ${summary(this.drawing.now)}`);
  }

  redo() {
    if (this.readonly || this.refuses(this.drawing.future.at(-1) ?? [])) return;
    if (this.drawing.redo()) this.changed(`redone, ${summary(this.drawing.now)}`);
  }

  changed(words) {
    this.paint();
    this.say(words);
    this.tell();
  }

  say(words) {
    this.live.textContent = words;
  }

  light(place) {
    if (same(place, this.lit ?? null)) return;
    this.lit = place;
    this.grid.light(place);
    this.graph.light(place);
    this.pointed.textContent = place ? brief(this.names, this.drawing.now, ...place) : "";
  }

  focus(i, j) {
    this.grid.focus(i, j);
  }

  /** Keys such as Ctrl+Z reach the editor only while something in it has the focus. */
  keepFocus() {
    if (!this.frame.matches(":focus-within")) this.frame.focus({ preventScroll: true });
  }

  historyKeys(event) {
    if (!(event.ctrlKey || event.metaKey) || event.target.matches("textarea, input")) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) this.undo();
    else if (key === "y" || (key === "z" && event.shiftKey)) this.redo();
    else return;
    event.preventDefault();
  }

  paint() {
    const vertices = this.drawing.now.length;
    this.frame.classList.toggle("readonly", this.readonly);
    this.frame.classList.toggle("locked-here", Boolean(this.locked));
    const why = this.root.querySelector(".locked");
    why.hidden = !this.locked;
    why.textContent = this.locked;
    this.frame.classList.toggle("many", vertices > MANY);
    this.frame.classList.toggle("tiny", vertices > TINY);
    this.frame.style.setProperty("--vertices", vertices);
    this.grid.paint(this.drawing.now);
    this.graph.paint(this.drawing.now);
    this.toolbar.paint(this.drawing);
    const place = this.lit;
    this.lit = null;
    if (place && Math.max(...place) <= depthOf(this.drawing.now)) this.light(place);
    else this.pointed.textContent = "";
  }

  // -- Python -------------------------------------------------------------------------------------------------------

  receive(data, send) {
    this.send = send;
    this.readonly = Boolean(data.readonly);
    this.locked = data.locked || "";
    this.closed = data.no_back || null;
    this.fixed = Boolean(data.fixed);
    this.presets = data.presets;
    if (!same(this.names.labels, data.labels ?? [])) this.names = new Names(data.labels);
    const { drawing } = this;
    if (drawing.rev !== data.rev) {
      drawing.rev = data.rev;
      drawing.back = RULES.back || hasBack(data.edges);
      const resized = drawing.now.length !== data.edges.length;
      if (drawing.fixed !== this.fixed || (this.fixed && resized)) drawing.restart(data.edges, this.fixed);
      else if (drawing.change(data.edges)) this.say(`the ${RULES.what} was replaced`);
    }
    const { question } = drawing;
    if (question && data.answer?.id === question.id) {
      drawing.question = null;
      question.settle(data.answer);
    }
    this.paint();
  }

  /** Sends at once, then at most once per pause; the last state always gets sent. */
  tell() {
    this.unsent = true;
    if (!this.waiting) this.flush();
  }

  flush() {
    clearTimeout(this.waiting);
    this.waiting = null;
    if (!this.unsent) return;
    this.unsent = false;
    this.send("drawn", { rev: this.drawing.rev, edges: this.drawing.now });
    this.waiting = setTimeout(() => this.flush(), SEND_PAUSE);
  }

  /** Python's answer to a question: {edges}, or {sentence} where the question breaks a rule. */
  ask(question) {
    return new Promise((resolve) => {
      const id = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
      const settle = (answer) => {
        clearInterval(asking);
        resolve(answer);
      };
      this.drawing.question = { id, settle };
      let times = 0;
      const put = () => {
        if (this.drawing.question?.id !== id) return clearInterval(asking);
        if (times * ASK_AGAIN >= PATIENCE) settle({ sentence: "The server did not answer; please try again." });
        else this.send("ask", { id, times: times++, ...question });
      };
      const asking = setInterval(put, ASK_AGAIN);
      put();
    });
  }
}

export default function matrixEditor({ data, parentElement, setStateValue }) {
  if (!data) return;
  let editor = editors.get(parentElement);
  if (!editor) {
    const known = drawings.get(data.key);
    const drawing = known ?? new Drawing(data.edges, data.rev, Boolean(data.fixed));
    drawings.set(data.key, drawing);
    editor = new Editor(parentElement, drawing, data);
    editors.set(parentElement, editor);
    if (known?.rev === data.rev && !same(known.now, data.edges) && !data.readonly) setTimeout(() => editor.tell());
  }
  editor.receive(data, setStateValue);
  return onLeave(parentElement, () => {
    editor.leave();
    editors.delete(parentElement);
  });
}
