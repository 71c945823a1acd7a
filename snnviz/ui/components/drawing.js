// A picture that is drawn with the mouse, a finger or the keyboard; what is drawn is told while one draws.

const PATIENCE = 600; // ms after which an answer is not waited for any longer
const pads = new WeakMap(); // by element

class Pad {
  constructor(element) {
    this.root = element.querySelector(".snnviz-drawing");
    this.canvas = this.root.querySelector("canvas");
    this.said = this.root.querySelector(".said");
    this.cursor = [0, 0];
    this.root.querySelector(".clear").addEventListener("click", () => this.clear());
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.last = null;
      this.stroke(event);
    });
    this.canvas.addEventListener("pointermove", (event) => event.buttons && this.stroke(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  show({ rows, columns, text }) {
    this.heard();
    if (this.rows === rows && this.columns === columns && (this.asked || text === this.told)) return;
    if (this.rows !== rows || this.columns !== columns) {
      [this.rows, this.columns] = [rows, columns];
      this.canvas.width = columns;
      this.canvas.height = rows;
      this.canvas.style.setProperty("--ratio", columns / rows);
      this.radius = Math.max(0.55, Math.min(rows, columns) / 22);
      this.cursor = [Math.floor(columns / 2), Math.floor(rows / 2)];
    }
    this.ink = new Float32Array(rows * columns);
    if (text.length === rows * columns) [...text].forEach((digit, k) => (this.ink[k] = parseInt(digit, 16) / 15));
    this.told = text;
    this.paint();
  }

  stroke(event) {
    const box = this.canvas.getBoundingClientRect();
    const at = [((event.clientX - box.left) / box.width) * this.columns, ((event.clientY - box.top) / box.height) * this.rows];
    const from = this.last ?? at;
    const steps = Math.max(1, Math.ceil(3 * Math.hypot(at[0] - from[0], at[1] - from[1])));
    for (let k = 1; k <= steps; k++) this.dot(from[0] + ((at[0] - from[0]) * k) / steps, from[1] + ((at[1] - from[1]) * k) / steps);
    this.last = at;
    this.paint();
    this.tell();
    event.preventDefault();
  }

  /** A soft brush: full within its radius, and fading over a pixel. */
  dot(x, y) {
    for (let row = 0; row < this.rows; row++)
      for (let column = 0; column < this.columns; column++) {
        const far = Math.hypot(column + 0.5 - x, row + 0.5 - y) - this.radius;
        const ink = Math.max(0, Math.min(1, 1 - far));
        const k = row * this.columns + column;
        this.ink[k] = Math.max(this.ink[k], ink);
      }
  }

  key(event) {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (move) {
      const limit = (value, most) => Math.max(0, Math.min(most - 1, value));
      this.cursor = [limit(this.cursor[0] + move[0], this.columns), limit(this.cursor[1] + move[1], this.rows)];
      this.said.textContent = `row ${this.cursor[1] + 1}, column ${this.cursor[0] + 1}`;
    } else if (event.key === " " || event.key === "Enter") {
      this.dot(this.cursor[0] + 0.5, this.cursor[1] + 0.5);
      this.tell();
    } else if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else return;
    event.preventDefault();
    this.paint();
  }

  clear() {
    this.ink.fill(0);
    this.paint();
    this.tell();
  }

  paint() {
    const context = this.canvas.getContext("2d");
    const pixels = context.createImageData(this.columns, this.rows);
    this.ink.forEach((ink, k) => pixels.data.set([255 * ink, 255 * ink, 255 * ink, 255], 4 * k));
    if (this.canvas.matches(":focus-visible")) pixels.data.set([255, 120, 60, 255], 4 * (this.cursor[1] * this.columns + this.cursor[0]));
    context.putImageData(pixels, 0, 0);
  }

  /**
   * Tells the page at once what is drawn, and what was drawn meanwhile as soon as it has answered: so the answer is as
   * close behind the pen as can be, and none is interrupted by the next.
   */
  tell() {
    this.newer = Boolean(this.asked);
    if (this.asked) return;
    this.asked = setTimeout(() => this.heard(), PATIENCE);
    queueMicrotask(() => {
      this.told = Array.from(this.ink, (ink) => Math.round(15 * ink).toString(16)).join("");
      this.send?.("drawn", this.told);
    });
  }

  heard() {
    clearTimeout(this.asked);
    this.asked = null;
    if (this.newer) this.tell();
  }
}

export default function drawing({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  let pad = pads.get(parentElement);
  if (!pad) {
    pad = new Pad(parentElement);
    pads.set(parentElement, pad);
  }
  pad.send = setTriggerValue;
  pad.show(data);
}
