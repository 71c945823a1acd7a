// A curve over axes, drawn with the mouse, a finger or the keyboard; what is drawn is told after each stroke.

const SVG = "http://www.w3.org/2000/svg";
const PAUSE = 120; // ms after the last key
const pads = new WeakMap(); // by element
const drawings = new Map(); // what was drawn, by the key of the widget: it outlives the elements

class Pad {
  constructor(element) {
    this.root = element.querySelector(".snnviz-curve");
    this.svg = this.root.querySelector(".pad");
    this.said = this.root.querySelector(".said");
    this.root.querySelector(".clear").addEventListener("click", () => this.clear());
    this.svg.addEventListener("pointerdown", (event) => {
      this.svg.setPointerCapture(event.pointerId);
      this.last = null;
      this.stroke(event);
    });
    this.svg.addEventListener("pointermove", (event) => event.buttons && this.stroke(event));
    for (const end of ["pointerup", "pointercancel"]) this.svg.addEventListener(end, () => this.tell());
    this.svg.addEventListener("keydown", (event) => this.key(event));
  }

  show(data, key) {
    this.data = data;
    const form = JSON.stringify(data);
    if (this.form !== form) {
      this.form = form;
      this.heights = drawings.get(key)?.length === data.points ? drawings.get(key) : Array(data.points).fill(null);
      drawings.set(key, this.heights);
      this.at = 0;
      this.build();
    }
    this.paint();
  }

  build() {
    const { x, y, names, points, full } = this.data;
    const fill = (query, texts) => this.root.querySelector(query).replaceChildren(...texts.map((textContent) => Object.assign(document.createElement("span"), { textContent })));
    fill(".ticks.x", x);
    fill(".ticks.y", [...y].reverse());
    this.root.querySelector(".name.x").textContent = `${names[0]} →`;
    this.root.querySelector(".name.y").textContent = `↑ ${names[1]}`;
    this.svg.setAttribute("viewBox", `0 0 ${points - 1} ${full}`);
    this.svg.setAttribute("aria-label", `Draw ${names[1]} over ${names[0]}. Arrow keys up and down set a height, left and right move on.`);
    const line = (cls, a) => {
      const one = document.createElementNS(SVG, "line");
      one.setAttribute("class", cls);
      for (const [name, value] of Object.entries(a)) one.setAttribute(name, value);
      return one;
    };
    const rows = y.slice(1, -1).map((_, k) => (full * (k + 1)) / (y.length - 1));
    this.curve = document.createElementNS(SVG, "polyline");
    this.mark = line("at", { x1: 0, x2: 0, y1: 0, y2: full });
    this.svg.replaceChildren(...rows.map((row) => line("grid", { x1: 0, x2: points - 1, y1: row, y2: row })), this.mark, this.curve);
  }

  stroke(event) {
    const { points, full } = this.data;
    const box = this.svg.getBoundingClientRect();
    const clip = (value, most) => Math.max(0, Math.min(most, value));
    const column = Math.round(clip((event.clientX - box.left) / box.width, 1) * (points - 1));
    const height = Math.round(clip(1 - (event.clientY - box.top) / box.height, 1) * full);
    const [from, begin] = this.last ?? [column, height];
    const step = column >= from ? 1 : -1;
    for (let k = from; k !== column + step; k += step)
      this.heights[k] = column === from ? height : Math.round(begin + ((height - begin) * (k - from)) / (column - from));
    this.last = [column, height];
    this.fill();
    this.paint();
    event.preventDefault();
  }

  /** Gaps between what was drawn are straight; before its beginning and after its end nothing is yet. */
  fill() {
    const known = this.heights.flatMap((height, k) => (height === null ? [] : [k]));
    for (let i = 1; i < known.length; i++)
      for (let k = known[i - 1] + 1; k < known[i]; k++)
        this.heights[k] = Math.round(this.heights[known[i - 1]] + ((this.heights[known[i]] - this.heights[known[i - 1]]) * (k - known[i - 1])) / (known[i] - known[i - 1]));
  }

  key(event) {
    const { points, full } = this.data;
    const up = { ArrowUp: 1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[event.key];
    const move = { ArrowRight: 1, ArrowLeft: -1, Home: -points, End: points }[event.key];
    if (!up && !move) {
      if (event.key === "Delete" || event.key === "Backspace") this.clear();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const before = this.heights[this.at] ?? Math.round(full / 2);
    this.heights[this.at] = Math.max(0, Math.min(full, before + Math.round(((up ?? 0) * full) / 20)));
    if (move) {
      const to = Math.max(0, Math.min(points - 1, this.at + move));
      for (let k = this.at; k !== to; k += Math.sign(to - this.at)) this.heights[k + Math.sign(to - this.at)] ??= this.heights[k];
      this.at = to;
    }
    this.said.textContent = `${this.data.names[0]} ${Math.round((100 * this.at) / (points - 1))} % of the axis, height ${Math.round((100 * this.heights[this.at]) / full)} %`;
    this.paint();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), PAUSE);
  }

  clear() {
    this.heights.fill(null);
    this.at = 0;
    this.paint();
    this.tell();
  }

  paint() {
    const { full } = this.data;
    const told = this.heights.flatMap((height, k) => (height === null ? [] : [`${k},${full - height}`]));
    this.curve.setAttribute("points", told.join(" "));
    this.mark.setAttribute("x1", this.at);
    this.mark.setAttribute("x2", this.at);
  }

  tell() {
    const whole = this.heights.every((height) => height !== null);
    const text = whole ? JSON.stringify(this.heights) : "";
    if (text === this.told) return;
    this.told = text;
    this.send("drawn", whole ? [...this.heights] : null);
  }
}

export default function curve({ data, key, parentElement, setStateValue }) {
  if (!data) return;
  let pad = pads.get(parentElement);
  if (!pad) pads.set(parentElement, (pad = new Pad(parentElement)));
  pad.send = setStateValue;
  pad.show(data, key ?? JSON.stringify(data));
  return onLeave(parentElement, () => {
    clearTimeout(pad.timer);
    pads.delete(parentElement);
  });
}
