// Boxes over the axes of parallel coordinates: lines inside all of them stay, the others fade. Axes stand at 0, 1, 2 ...;
// the first trace is for what fades, each other has lines that end with a gap.

const BOX = 0.12; // half of its width, in steps between axes

class Brush {
  constructor(chart, say) {
    this.chart = chart;
    this.say = say;
    this.boxes = new Map(); // by axis: [low, high]
    this.lying = false; // whether `lie` was called: a plot is drawn anew where it is turned
    this.row = Object.assign(document.createElement("div"), { className: "brush", hidden: true });
    this.words = document.createElement("span");
    this.words.setAttribute("role", "status");
    this.button = Object.assign(document.createElement("button"), { type: "button", textContent: "Keep all lines" });
    this.button.addEventListener("click", () => this.clear());
    this.row.append(this.words, this.button);
    chart.figure.append(this.row);
  }

  /** After the first drawing. */
  attach(plot) {
    if (!this.chart.spec.brush) return;
    plot.on("plotly_selected", (event) => event?.range && this.selected(event.range));
    plot.on("plotly_deselect", () => this.clear());
    plot.on("plotly_doubleclick", () => this.clear());
    if (!this.lying) this.lie(plot);
    this.lying = true;
  }

  /** Of axes that lie (charts.turned.js): a finger or mouse that moves along one makes a box; one that moves across scrolls. */
  lie(plot) {
    let from = null;
    const at = ({ clientX, clientY }) => {
      const { left, top } = plot.getBoundingClientRect();
      const { xaxis, yaxis } = plot._fullLayout;
      return { x: xaxis.p2d(clientX - left - xaxis._offset), axis: Math.round(yaxis.p2d(clientY - top - yaxis._offset)), clientX };
    };
    plot.addEventListener("pointerdown", (event) => (from = this.chart.turned && event.isPrimary ? at(event) : null));
    plot.addEventListener("pointercancel", () => (from = null));
    window.addEventListener("pointerup", (event) => {
      const begun = from;
      from = null;
      if (!begun || !plot.isConnected || Math.abs(event.clientX - begun.clientX) < 8) return;
      this.selected({ x: [begun.axis, begun.axis], y: [begun.x, at(event).x] });
    }, { signal: this.chart.gone });
  }

  selected({ x, y }) {
    const [left, right] = [...x].sort((a, b) => a - b);
    const [low, high] = [...y].sort((a, b) => a - b);
    const last = this.chart.spec.layout.xaxis.tickvals.length - 1;
    for (let axis = Math.max(0, Math.ceil(left - BOX)); axis <= Math.min(last, Math.floor(right + BOX)); axis++) this.boxes.set(axis, [low, high]);
    this.redraw();
  }

  clear() {
    if (!this.boxes.size) return;
    this.boxes.clear();
    this.redraw();
  }

  redraw() {
    const { inside, all } = this.applied(this.chart.spec);
    this.row.hidden = !this.boxes.size;
    this.words.textContent = this.boxes.size ? `${inside} of ${all} lines are inside the ${this.boxes.size > 1 ? "boxes" : "box"}.` : "";
    this.say(this.words.textContent || "All lines are kept.");
    for (const outline of this.chart.plot.querySelectorAll(".select-outline, .outline-controllers")) outline.remove(); // ours stands in its place
    this.chart.redraw();
  }

  /** Traces and layout of a chart with its boxes. */
  applied({ traces, layout, brush }) {
    if (!brush || !this.boxes.size) return { traces, layout };
    const faded = { ...traces[0], x: [], y: [] };
    const shown = [faded];
    let inside = 0;
    let all = 0;
    for (const trace of traces.slice(1)) {
      const kept = { ...trace, x: [], y: [], text: [], customdata: [] };
      for (let start = 0; start < trace.x.length; ) {
        const end = trace.x.indexOf(null, start) + 1 || trace.x.length;
        const fits = [...this.boxes].every(([axis, [low, high]]) => {
          const y = trace.y[start + axis];
          return y !== null && y >= low && y <= high;
        });
        all += 1;
        inside += fits;
        for (const name of fits ? ["x", "y", "text", "customdata"] : ["x", "y"]) (fits ? kept : faded)[name].push(...trace[name].slice(start, end));
        start = end;
      }
      shown.push(kept);
    }
    const colour = getComputedStyle(this.chart.figure).getPropertyValue("--st-primary-color").trim();
    const boxes = [...this.boxes].map(([axis, [low, high]]) => ({ type: "rect", x0: axis - BOX, x1: axis + BOX, y0: low, y1: high, fillcolor: colour, opacity: 0.25, line: { color: colour, width: 1 } }));
    return { traces: shown, layout: { ...layout, shapes: [...layout.shapes, ...boxes], selections: [] }, inside, all };
  }
}
