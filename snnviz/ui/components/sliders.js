// Sliders that speak while they are dragged: see sliders.py for the protocol.

const PAUSE = 125; // ms between two messages while a slider moves
const PATIENCE = 3000; // ms after which an answer is no longer waited for

// By data.key: it outlives the elements, which Streamlit may unmount and mount at any time.
const memories = new Map(); // {rev, values, count, open}
const panels = new WeakMap(); // by element

/** A value as it is typed: never more digits than the slider's step has. */
function written(slider, value) {
  return String(Number(Number(value).toPrecision(10)));
}

/** The handle's places: a slider with stops counts them, another counts its steps. */
class Scale {
  constructor({ low, high, step, stops, whole }) {
    Object.assign(this, { low, high, step, stops, whole });
    this.last = stops.length ? stops.length - 1 : Math.round((high - low) / step);
  }

  place(value) {
    if (!this.stops.length) return (value - this.low) / this.step;
    let nearest = 0;
    this.stops.forEach((stop, k) => { if (Math.abs(stop - value) < Math.abs(this.stops[nearest] - value)) nearest = k; });
    return nearest;
  }

  value(place) {
    if (this.stops.length) return this.stops[Math.min(Math.max(Math.round(place), 0), this.last)];
    return Math.min(this.high, Number((this.low + place * this.step).toFixed(9)));
  }

  /** A typed text as a value in the range, or null. */
  read(text) {
    const number = Number(text.trim().replace(",", "."));
    if (!text.trim() || !Number.isFinite(number)) return null;
    const kept = Math.min(this.high, Math.max(this.low, number));
    return this.whole ? Math.round(kept) : kept;
  }
}

class Row {
  constructor(panel, slider) {
    this.panel = panel;
    this.slider = slider;
    this.scale = new Scale(slider);
    this.root = Object.assign(document.createElement("div"), { className: "slider", title: slider.help });
    const id = `slider-${slider.name.replace(/\W/g, "-")}`;
    this.label = Object.assign(document.createElement("label"), { htmlFor: id, textContent: slider.label });
    this.number = Object.assign(document.createElement("input"), { className: "number", type: "text", inputMode: "decimal", autocomplete: "off", spellcheck: false });
    this.number.setAttribute("aria-label", `${slider.label}, typed`);
    this.range = Object.assign(document.createElement("input"), { id, className: "range", type: "range", min: 0, max: this.scale.last, step: 1 });
    this.root.append(this.label, this.number, this.range);
    this.root.classList.toggle("locked", slider.locked);
    this.number.disabled = this.range.disabled = slider.locked;
    this.listen();
  }

  listen() {
    const { panel, range, number } = this;
    range.addEventListener("pointerdown", () => panel.hold(true));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) range.addEventListener(end, () => panel.hold(false));
    range.addEventListener("keydown", (event) => { if (/^(Arrow|Page|Home|End)/.test(event.key)) panel.hold(true); });
    range.addEventListener("keyup", () => panel.hold(false));
    range.addEventListener("input", () => this.set(this.scale.value(Number(range.value))));
    for (const node of [range, this.label]) node.addEventListener("dblclick", () => { if (this.slider.locked) return; panel.hold(false); this.set(this.slider.default); });
    number.addEventListener("focus", () => number.select());
    number.addEventListener("input", () => { this.typing = true; });
    for (const end of ["change", "blur"]) number.addEventListener(end, () => this.typed());
    number.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (event.key === "Escape") { this.typing = false; this.paint(); }
      if (event.key === "Enter") number.select(); // `change` follows
      if (!by) return;
      event.preventDefault();
      this.set(this.scale.value(Math.min(this.scale.last, Math.max(0, Math.round(this.scale.place(panel.memory.values[this.slider.name])) + by))));
    });
  }

  /** What was typed counts; what is no number changes nothing. */
  typed() {
    if (this.typing) this.set(this.scale.read(this.number.value) ?? this.panel.memory.values[this.slider.name]);
  }

  set(value) {
    const { memory } = this.panel;
    this.typing = false;
    const changed = memory.values[this.slider.name] !== value;
    memory.values[this.slider.name] = value;
    this.paint();
    if (changed) this.panel.tell();
  }

  paint() {
    const value = this.panel.memory.values[this.slider.name];
    const place = this.scale.place(value);
    if (Number(this.range.value) !== Math.round(place)) this.range.value = Math.round(place);
    this.range.style.setProperty("--share", Math.min(1, Math.max(0, place / this.scale.last)));
    this.range.setAttribute("aria-valuetext", written(this.slider, value));
    if (!this.typing) this.number.value = written(this.slider, value); // an answer must not overwrite what is being typed
    this.root.classList.toggle("changed", value !== this.slider.default);
  }
}

class Panel {
  constructor(root, memory) {
    this.root = root;
    this.memory = memory;
    this.rows = [];
    for (const type of ["keydown", "keypress", "keyup"]) {
      root.querySelector(".sliders").addEventListener(type, (event) => event.stopPropagation()); // Streamlit's hotkeys
    }
  }

  // -- with Python --------------------------------------------------------------------------------------------------

  receive(data, send) {
    const { memory } = this;
    this.send = send;
    const form = JSON.stringify(data.sliders.map(({ value, ...rest }) => rest));
    if (memory.rev !== data.rev) Object.assign(memory, { rev: data.rev, values: {}, sent: 0, unsent: false });
    for (const { name, value } of data.sliders) memory.values[name] ??= value;
    if (this.form !== form) this.build(data.sliders);
    this.form = form;
    this.rows.forEach((row) => row.paint());
    if (data.echo >= memory.sent) this.answered();
  }

  tell() {
    this.memory.unsent = true;
    this.next();
  }

  hold(dragging) {
    if (Boolean(this.dragging) === dragging) return;
    this.dragging = dragging;
    if (!dragging && this.memory.told) this.tell(); // the last message said that the drag goes on
  }

  /**
   * Sends what has changed, if it may: not too soon after the last message, and in a drag when that one is answered.
   * The answer to a drag's end may take long; who moves on does not wait for it.
   */
  next() {
    const { memory } = this;
    if (!memory.unsent || this.timer) return;
    const now = performance.now();
    const wait = Math.max((this.at ?? -PAUSE) + PAUSE - now, this.waiting ? this.at + PATIENCE - now : 0);
    if (wait > 0) {
      this.timer = setTimeout(() => { this.timer = null; this.next(); }, wait);
      return;
    }
    Object.assign(memory, { unsent: false, sent: ++memory.count, told: Boolean(this.dragging) });
    Object.assign(this, { at: now, waiting: memory.told });
    this.send("moved", { rev: memory.rev, n: memory.sent, values: { ...memory.values }, dragging: memory.told });
  }

  answered() {
    this.waiting = false;
    clearTimeout(this.timer);
    this.timer = null;
    this.next();
  }

  leave() {
    clearTimeout(this.timer);
  }

  // -- what is on the page ------------------------------------------------------------------------------------------

  build(sliders) {
    this.rows = sliders.map((slider) => new Row(this, slider));
    const groups = new Map();
    for (const row of this.rows) groups.set(row.slider.group, [...(groups.get(row.slider.group) ?? []), row.root]);
    this.root.querySelector(".main").replaceChildren(...(groups.get("") ?? []));
    groups.delete("");
    const folded = [...groups].map(([name, rows]) => {
      const details = document.createElement("details");
      const changed = this.rows.some(({ slider }) => slider.group === name && slider.value !== slider.default);
      details.open = this.memory.open.get(name) ?? changed;
      details.append(Object.assign(document.createElement("summary"), { textContent: name }), ...rows);
      details.addEventListener("toggle", () => this.memory.open.set(name, details.open));
      return details;
    });
    this.root.querySelector(".folded").replaceChildren(...folded);
  }
}

export default function sliders({ data, parentElement, setStateValue }) {
  if (!data) return;
  let panel = panels.get(parentElement);
  if (!panel) {
    const memory = memories.get(data.key) ?? { rev: null, values: {}, count: 0, sent: 0, open: new Map() };
    memories.set(data.key, memory);
    panel = new Panel(parentElement, memory);
    panels.set(parentElement, panel);
  }
  panel.receive(data, setStateValue);
  return onLeave(parentElement, () => {
    panel.leave();
    panels.delete(parentElement);
  });
}
