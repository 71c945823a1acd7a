// One chart on the page: its frame, its words, and the slider, tools and table that belong to it.

const PLAYED = 450; // ms a place of a slider is shown while it plays
let made = 0; // for ids, of all charts of the page

/** A slider below a chart: a veil over what is still to come, a line, and what is so at this place, in words. */
class Cursor {
  constructor(figure, plot) {
    this.plot = plot;
    this.row = document.createElement("div");
    this.row.className = "cursor";
    this.input = Object.assign(document.createElement("input"), { type: "range", min: 0, step: 1 });
    this.words = document.createElement("output");
    this.player = Object.assign(document.createElement("button"), { type: "button", className: "play" });
    this.picture = document.createElement("canvas");
    this.picture.setAttribute("role", "img");
    this.row.append(this.input, this.player, this.picture, this.words);
    figure.append(this.row);
    this.input.addEventListener("input", () => (this.stop(), this.move()));
    this.player.addEventListener("click", () => (this.playing ? this.stop() : this.play()));
    this.stop();
  }

  /** Steps through all places, from the first where it stands at the last. */
  play() {
    if (this.input.value === this.input.max) this.input.value = 0;
    else this.input.stepUp();
    this.move();
    const step = () => (this.input.value === this.input.max ? this.stop() : (this.input.stepUp(), this.move()));
    this.playing = setInterval(step, PLAYED);
    this.named("Stop", "❚❚");
  }

  stop() {
    clearInterval(this.playing);
    this.playing = null;
    this.named("Play", "▶");
  }

  named(words, sign) {
    Object.assign(this.player, { textContent: sign, title: words });
    this.player.setAttribute("aria-label", `${words}: ${this.cursor?.label ?? ""}`);
  }

  /** Another slider, or none. One that was moved stays where it was as long as its places are the same. */
  set(cursor) {
    const same = this.cursor && cursor && JSON.stringify(this.cursor.values) === JSON.stringify(cursor.values);
    this.cursor = cursor;
    this.row.hidden = !cursor;
    if (!cursor) return;
    this.input.max = cursor.values.length - 1;
    if (!same) this.input.value = cursor.at;
    this.input.setAttribute("aria-label", cursor.label);
    if (!this.playing) this.named("Play", "▶");
    this.tell();
  }

  tell() {
    const note = this.cursor.notes[this.input.value] ?? "";
    this.words.textContent = note;
    this.input.setAttribute("aria-valuetext", note);
    this.show();
  }

  /** The picture of this place; its colours are those of the page, which are not known before it is there. */
  show() {
    const pictures = this.cursor?.pictures ?? [];
    const shown = pictures[Math.min(this.input.value, pictures.length - 1)];
    this.picture.hidden = !shown;
    if (!shown || !this.row.isConnected) return;
    paint(this.picture, shown.data, coloursOf(this.row));
    this.picture.setAttribute("aria-label", shown.alt);
  }

  /** The shapes of a layout that is about to be drawn, where the slider is. */
  place(layout) {
    if (!this.cursor) return;
    const [veil, line] = layout.shapes.slice(-2);
    veil.x0 = line.x0 = line.x1 = this.cursor.values[this.input.value];
  }

  /** As wide as the plot above it, so that the handle is below the line. */
  fit() {
    const size = this.plot._fullLayout?._size;
    if (!this.cursor || !size) return;
    const half = 8; // of a handle
    this.input.style.marginLeft = `${Math.max(0, size.l - half)}px`;
    this.input.style.width = `${size.w + 2 * half}px`;
  }

  move() {
    this.tell();
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      const last = (this.plot.layout?.shapes?.length ?? 0) - 1;
      if (!this.cursor || last < 1) return;
      const x = this.cursor.values[this.input.value];
      const moved = { [`shapes[${last - 1}].x0`]: x, [`shapes[${last}].x0`]: x, [`shapes[${last}].x1`]: x };
      window.Plotly.relayout(this.plot, moved);
    });
  }
}

/** The level of a heading here: one below the heading that it stands under. */
function levelAt(element) {
  const others = [...document.querySelectorAll("h1, h2, h3, h4")].filter((one) => !one.closest(".snnviz-charts"));
  const above = others.filter((one) => one.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
  return above ? Number(above.tagName[1]) + 1 : 2;
}

class Framed {
  /** `say(words)` speaks, `pick(id, points)` is told of a click. */
  constructor(id, say, pick) {
    this.id = id;
    this.drawn = null; // what was drawn last, and how wide
    this.width = null;
    this.title = "";
    this.zoomed = {}; // by axis: the part that somebody chose to look at
    this.picked = (points) => pick(id, points);
    const make = (name, className) => Object.assign(document.createElement(name), { className });
    this.figure = make("figure", "");
    this.figure.dataset.chart = id;
    this.heading = make("h3", "");
    this.caption = make("figcaption", "");
    this.view = make("div", "view");
    this.plot = make("div", "plot waiting");
    this.numbers = Object.assign(make("div", "numbers"), { tabIndex: 0 });
    this.numbers.setAttribute("role", "region");
    this.said = Object.assign(make("p", "unseen"), { id: `snnviz-chart-${++made}` });
    this.plot.tabIndex = 0;
    this.plot.setAttribute("role", "application"); // so that arrow keys reach it
    this.plot.setAttribute("aria-roledescription", "chart");
    this.plot.setAttribute("aria-describedby", this.said.id);
    this.tools = new Tools(this);
    this.walk = new Walk(this, say);
    const head = make("div", "head");
    head.append(this.heading, this.tools.button, this.tools.menu);
    this.view.append(this.plot);
    this.figure.append(head, this.caption, this.view, this.numbers, this.said);
    this.cursor = new Cursor(this.figure, this.plot);
    this.brush = new Brush(this, say);
    this.turned = false; // whether its axes lie below each other
    this.leaving = new AbortController();
    this.gone = this.leaving.signal;
  }

  /** Its words and its size; the drawing comes later. */
  arrange(spec) {
    const { title, caption, wide, least, brush, cursor } = spec;
    this.spec = spec;
    this.given = JSON.parse(JSON.stringify(spec.layout ?? {})); // Plotly writes into the layout that it is given
    this.known = null;
    this.title = title;
    this.figure.classList.toggle("wide", Boolean(wide));
    this.figure.classList.toggle("scrolled", Boolean(least));
    this.heading.textContent = title;
    this.caption.textContent = caption.replace(/(?<=\d) (?=%)/g, "\u00a0");
    this.stretch();
    this.plot.style.minWidth = least && !brush ? `${least}px` : "";
    this.plot.setAttribute("aria-label", title);
    this.numbers.setAttribute("aria-label", `${title}, as a table`);
    this.tools.name(title);
    this.cursor.set(cursor);
    try {
      this.said.textContent = `${summary(this.reading())} Arrow keys move from point to point.`;
      this.tools.refresh();
    } catch {
      this.said.textContent = ""; // its drawing says what is wrong
    }
  }

  /** Its series, read once. */
  reading() {
    return (this.known ??= seriesOf(this.spec));
  }

  placed() {
    this.heading.setAttribute("aria-level", levelAt(this.figure));
    this.cursor.show();
    this.turn();
  }

  stretch() {
    const { height, layout } = this.spec;
    this.figure.style.setProperty("--height", `${this.turned ? ROW * layout.xaxis.tickvals.length + BENEATH : (height ?? 300)}px`);
  }

  /** Parallel coordinates lie where they have no room to stand; whether that has changed. */
  turn() {
    const { brush, least } = this.spec;
    const { clientWidth } = this.view;
    if (!brush || !clientWidth || this.turned === clientWidth < least) return false;
    this.turned = !this.turned;
    this.stretch();
    if (this.plot.matches(".js-plotly-plot")) window.Plotly.purge(this.plot); // which leaves a legend where it was before
    this.plot.classList.toggle("turned", this.turned);
    return true;
  }

  /** As it was drawn last, with what was chosen since. */
  redraw() {
    return this.template && this.draw(window.Plotly, this.template);
  }

  async draw(Plotly, template) {
    const { plot } = this;
    const upright = this.brush.applied(this.spec);
    const { traces, layout } = this.turned ? turned(upright, plot.clientWidth) : upright;
    this.template = template;
    const height = plot.clientHeight || this.spec.height || 300; // some are taller on a phone; 0 behind a table
    const config = {
      displayModeBar: false, // see charts.tools.js
      showSendToCloud: false, // nothing leaves this machine
      locales: { "en-US": { format: { currency: ["", " %"] } } }, // views/numbers.apart: "30 %", not "30%"
    };
    try {
      if (!Array.isArray(traces)) throw new Error("it has no traces");
      const zoomed = Object.entries(this.zoomed).map(([name, range]) => [name, { ...layout[name], range, autorange: false }]);
      const held = Object.fromEntries(zoomed);
      const whole = { uirevision: "keep", dragmode: restingDrag(this.spec), ...layout, ...held, height, template };
      if (plot.matches(".waiting, .broken")) plot.replaceChildren();
      plot.classList.remove("waiting", "broken");
      const fresh = !plot.matches(".js-plotly-plot");
      await Plotly.react(plot, traces, whole, config);
      if (!fresh) return;
      plot.querySelector(".plot-container").setAttribute("aria-hidden", "true"); // its words are said in order
      plot.on("plotly_click", ({ points }) => this.picked(points));
      plot.on("plotly_relayout", (change) => this.looked(change));
      this.brush.attach(plot);
    } catch (error) {
      if (plot.matches(".js-plotly-plot")) Plotly.purge(plot);
      plot.className = "plot broken";
      plot.textContent = `This chart could not be drawn: ${error.message}.`;
    }
  }

  /** Remembers a part that was chosen, in whatever way, for the next drawing; the whole chart is none. */
  looked(change) {
    for (const key of Object.keys(change)) {
      const [name, what] = key.split(".");
      if (!/^[xy]axis\d*$/.test(name) || !/^(range|autorange)/.test(what ?? "")) continue;
      const { range } = this.plot._fullLayout[name];
      const given = JSON.stringify(this.given[name]?.range);
      if (what === "autorange" || JSON.stringify(range) === given) delete this.zoomed[name];
      else this.zoomed[name] = [...range];
    }
  }

  leave() {
    this.leaving.abort();
    this.cursor.stop();
    this.tools.leave();
    if (this.plot.matches(".js-plotly-plot")) window.Plotly.purge(this.plot);
    this.figure.remove();
  }
}
