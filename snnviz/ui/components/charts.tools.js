// A chart's tools in one menu, and its points by the arrow keys: one stop of the Tab key each.

const ZOOM = 0.7; // of an axis's reach, a step

function save(content, type, name) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function scale(plot, factor) {
  const changed = {};
  for (const [name, axis] of Object.entries(plot._fullLayout)) {
    if (!/^[xy]axis\d*$/.test(name) || axis.fixedrange || axis.type === "category") continue;
    const [low, high] = axis.range.map(Number);
    const half = ((high - low) / 2) * factor;
    changed[`${name}.range`] = [(low + high) / 2 - half, (low + high) / 2 + half];
  }
  return window.Plotly.relayout(plot, changed);
}

/** As it was drawn. */
function whole({ plot, given }) {
  const change = {};
  for (const name of Object.keys(plot._fullLayout).filter((key) => /^[xy]axis\d*$/.test(key))) {
    const { range, autorange } = given[name] ?? {};
    if (range) change[`${name}.range`] = [...range];
    else change[`${name}.autorange`] = autorange ?? true;
  }
  return window.Plotly.relayout(plot, change);
}

/** The button with the menu. `chart` has `id`, `title`, `plot`, `figure` and `reading()`. */
class Tools {
  constructor(chart) {
    this.chart = chart;
    this.button = Object.assign(document.createElement("button"), { type: "button", className: "tools", textContent: "⋮" });
    this.button.setAttribute("aria-haspopup", "menu");
    this.menu = Object.assign(document.createElement("div"), { className: "menu", hidden: true });
    this.menu.setAttribute("role", "menu");
    this.items = [
      this.item("Table", () => this.table(), "menuitemcheckbox"),
      this.item("Numbers (CSV)", () => save(csvOf(tableOf(chart.reading())), "text/csv", `snnviz-${chart.id}.csv`)),
      this.item("Picture (PNG)", () => this.picture("png", 2)),
      this.item("Picture (SVG)", () => this.picture("svg", 1)),
      this.item("Zoom in", () => scale(chart.plot, ZOOM)),
      this.item("Zoom out", () => scale(chart.plot, 1 / ZOOM)),
      this.item("Drag to move", () => this.drag(), "menuitemcheckbox"),
      this.item("Whole chart", () => whole(chart)),
    ];
    this.menu.append(...this.items);
    this.button.addEventListener("click", () => this.toggle(this.menu.hidden));
    this.button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      this.toggle(true);
      if (event.key === "ArrowUp") this.items.at(-1).focus();
    });
    this.menu.addEventListener("keydown", (event) => this.key(event));
    this.menu.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.menu.contains(relatedTarget) && relatedTarget !== this.button) this.toggle(false);
    });
    this.outside = (event) => this.chart.figure.contains(event.target) || this.toggle(false);
    this.toggle(false);
  }

  item(words, act, role = "menuitem") {
    const item = Object.assign(document.createElement("button"), { type: "button", tabIndex: -1, textContent: words });
    item.setAttribute("role", role);
    if (role === "menuitemcheckbox") item.setAttribute("aria-checked", "false");
    item.addEventListener("click", () => {
      this.toggle(false);
      this.button.focus();
      act();
    });
    return item;
  }

  name(title) {
    const words = `Tools of the chart ${title}`;
    if (this.button.title === words) return;
    this.button.title = words;
    this.button.setAttribute("aria-label", words);
    this.menu.setAttribute("aria-label", words);
  }

  toggle(open) {
    this.menu.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) document.addEventListener("pointerdown", this.outside);
    else document.removeEventListener("pointerdown", this.outside);
    if (open) this.items[0].focus();
  }

  key(event) {
    const here = this.items.indexOf(event.target);
    const many = this.items.length;
    const to = { ArrowDown: (here + 1) % many, ArrowUp: (here + many - 1) % many, Home: 0, End: many - 1 }[event.key];
    if (event.key === "Escape") {
      this.toggle(false);
      this.button.focus();
    } else if (to === undefined) {
      return;
    } else {
      this.items[to].focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }

  picture(format, scale) {
    const { plot, id } = this.chart;
    if (!plot.matches(".js-plotly-plot")) return;
    window.Plotly.downloadImage(plot, { format, scale, filename: `snnviz-${id}`, width: plot.clientWidth, height: plot.clientHeight });
  }

  drag() {
    const { plot } = this.chart;
    const moves = plot._fullLayout.dragmode !== "pan";
    this.items[6].setAttribute("aria-checked", String(moves));
    window.Plotly.relayout(plot, { dragmode: moves ? "pan" : restingDrag(this.chart.spec) });
  }

  /** The chart's numbers in its place, or the chart again. */
  table() {
    this.items[0].setAttribute("aria-checked", String(!this.chart.figure.classList.contains("told")));
    this.chart.figure.classList.toggle("told");
    this.refresh();
    if (this.chart.figure.matches(".told")) this.chart.numbers.focus();
  }

  /** Called with new content. */
  refresh() {
    const { figure, numbers, title } = this.chart;
    if (!figure.matches(".told")) return numbers.replaceChildren();
    numbers.replaceChildren(tableElement(tableOf(this.chart.reading()), title));
  }

  leave() {
    this.toggle(false);
  }
}

/** Where one drags with a mouse, a part is looked at, or lines are chosen; a finger scrolls the page. */
const restingDrag = ({ brush } = {}) => (window.matchMedia("(pointer: coarse)").matches ? false : brush ? "select" : "zoom");

/** The points of a chart by the arrow keys: left and right along a series, up and down between them. */
class Walk {
  constructor(chart, say) {
    this.chart = chart;
    this.say = say;
    this.place = null;
    chart.plot.addEventListener("keydown", (event) => this.key(event));
    chart.plot.addEventListener("blur", () => this.leave());
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const series = this.chart.reading();
    const sign = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Escape") return this.leave();
    if (event.key === "Enter") return this.pick(series);
    if (!series.length || !(sign || ["Home", "End", "PageUp", "PageDown"].includes(event.key))) return;
    event.preventDefault();
    const before = this.place && series[this.place.one] ? this.place : null;
    if (!before) this.place = { one: 0, row: 0, k: event.key === "End" ? Infinity : 0 };
    else if (event.key === "Home" || event.key === "End") before.k = event.key === "Home" ? 0 : Infinity;
    else if (sign?.[1]) this.across(series, sign[1]);
    else before.k += sign?.[0] ?? (event.key === "PageUp" ? -10 : 10);
    this.show(series, sign?.[0] || (event.key === "End" || event.key === "PageUp" ? -1 : 1));
  }

  /** To the next series, at the nearest place; within a map to the next row. */
  across(series, by) {
    const { place } = this;
    const now = series[place.one];
    const row = place.row + by;
    if (now.kind === "heatmap" && row >= 0 && row < now.rows.length) {
      place.row = row;
      return;
    }
    const next = (place.one + by + series.length) % series.length;
    const other = series[next];
    if (now.kind !== "heatmap" && other.kind !== "heatmap") {
      const x = now.x[place.k];
      const far = (k) => (isNumber(x) && isNumber(other.x[k]) ? Math.abs(other.x[k] - x) : other.x[k] === x ? 0 : 1);
      place.k = other.x.reduce((best, _, k) => (far(k) < far(best) ? k : best), 0);
    }
    place.one = next;
    place.row = other.kind === "heatmap" && by < 0 ? other.rows.length - 1 : 0;
  }

  show(series, by) {
    const { place } = this;
    const one = series[place.one];
    const isMap = one.kind === "heatmap";
    const values = isMap ? one.z[place.row] : one.y;
    place.k = Math.min(Math.max(place.k, 0), values.length - 1);
    const empty = () => values[place.k] === null || values[place.k] === undefined;
    while (empty() && place.k + by >= 0 && place.k + by < values.length) place.k += by;
    const { axis, title } = one.across;
    const x = (isMap ? one.columns : one.x)[place.k];
    const at = `${title} ${inWords(x, isPercent(axis))}`.trim();
    const label = one.text?.[place.k] ? `${one.text[place.k]}, ` : "";
    const value = isMap ? cellInWords(one, place.row, place.k) : inWords(values[place.k], one.percent);
    const name = isMap ? `${one.up.title} ${inWords(one.rows[place.row])}`.trim() : one.name;
    this.say(`${label}${name}, ${at}: ${value}`);
    const point = isMap ? [place.row, place.k] : place.k;
    const { plot } = this.chart;
    const full = plot._fullData?.[one.curve];
    if (!full || full.visible !== true || full.hoverinfo === "skip") return;
    window.Plotly.Fx.hover(plot, [{ curveNumber: one.curve, pointNumber: point }], `${full.xaxis ?? "x"}${full.yaxis ?? "y"}`);
  }

  /** What a click does. */
  pick(series) {
    const one = this.place && series[this.place.one];
    const data = one && this.chart.plot.data?.[one.curve];
    if (!data) return;
    const at = data.customdata?.[one.kind === "heatmap" ? this.place.row : this.place.k];
    this.chart.picked([{ data, customdata: one.kind === "heatmap" ? at?.[this.place.k] : at }]);
  }

  leave() {
    this.place = null;
    if (this.chart.plot.matches(".js-plotly-plot")) window.Plotly.Fx.unhover(this.chart.plot);
  }
}
