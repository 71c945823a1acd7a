// Several Plotly charts in one element, mounted once. New content goes through Plotly.react, chart by chart, and only
// where a chart's content or the theme changed.

const boards = new WeakMap(); // by element
let library = null;

const SETTLING = 400; // ms for a first click, before Plotly takes the browser
const HOLDING = 40; // ms that drawing may hold the browser

/** When the page stands and the browser has nothing better to do. */
async function idle() {
  const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
  for (let looks = 0; looks < 50 && document.querySelector("[data-testid=stSkeleton]"); looks++) await pause(100);
  await pause(SETTLING);
  const wait = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));
  await new Promise((resolve) => wait(resolve, { timeout: 1000 }));
}

/**
 * Plotly, fetched once for the page; a failed try may be repeated. It is fetched at once but run when the page is
 * there: that takes half a second in which nothing else can be shown or clicked.
 */
function plotly(url) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  library ??= new Promise((resolve, reject) => {
    const early = Object.assign(document.createElement("link"), { rel: "preload", as: "script", fetchPriority: "low", href: url });
    document.head.append(early);
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject());
    script.onerror = () => reject();
    idle().then(() => document.head.append(script));
  });
  library.catch(() => (library = null));
  return library;
}

let turns = Promise.resolve(); // charts of all boards are drawn one after another
let since = null; // when drawing began to hold the browser; null as soon as it was let go

/** Draws when it is its turn; between two drawings the browser paints and answers, where they have held it for long. */
function inTurn(draw) {
  const done = turns.then(breathe).then(draw);
  turns = done.catch(() => null);
  return done;
}

async function breathe() {
  if (since !== null && performance.now() - since > HOLDING) {
    await new Promise((resolve) => {
      requestAnimationFrame(() => setTimeout(resolve)); // after the frame
      setTimeout(resolve, 100); // nobody looks: there are no frames
    });
  }
  if (since === null) {
    since = performance.now();
    setTimeout(() => (since = null)); // the browser has it again
  }
}

/** The page's theme: a reader of its CSS variables, and from them the template that every chart starts with. */
function themeOf(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(name).trim();
  const list = (name) => read(name).split(",").map((colour) => colour.trim()).filter(Boolean);
  const scale = (colours) => colours.map((colour, k) => [k / Math.max(1, colours.length - 1), colour]);
  const line = read("--st-border-color");
  const text = { family: read("--st-font"), color: read("--st-text-color") };
  const faint = read("--st-border-color-light") || line;
  const axis = {
    gridcolor: faint,
    linecolor: line,
    zerolinecolor: line,
    zerolinewidth: 1,
    ticks: "",
    automargin: true,
    title: { standoff: 8, font: { size: 13 } },
  };
  const paper = read("--st-background-color");
  const layout = {
    font: { ...text, size: 12.5 },
    paper_bgcolor: paper,
    plot_bgcolor: paper,
    colorway: list("--st-chart-categorical-colors"),
    margin: { l: 48, r: 12, t: 8, b: 40 },
    xaxis: axis,
    yaxis: axis,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    hoverlabel: { bgcolor: read("--st-secondary-background-color"), bordercolor: line, font: text },
  };
  const colorscale = scale(list("--st-chart-sequential-colors"));
  const heat = { colorscale, colorbar: { thickness: 14, outlinewidth: 0 } };
  return { read, template: { layout, data: { heatmap: [heat] } } };
}

class Board {
  constructor(element) {
    this.element = element;
    this.root = element.querySelector(".snnviz-charts");
    this.list = this.root.querySelector(".figures");
    this.problem = this.root.querySelector(".problem");
    this.spoken = this.root.querySelector(".spoken");
    this.charts = new Map(); // by id
    this.work = Promise.resolve();
    this.sizes = new ResizeObserver(() => this.fit());
  }

  show(bytes) {
    const theme = themeOf(this.element);
    let wanted;
    try {
      const text = new TextDecoder().decode(bytes);
      wanted = JSON.parse(text.replace(/"var\((--st-[\w-]+)\)"/g, (_, name) => JSON.stringify(theme.read(name))));
      this.arrange(wanted.charts);
    } catch (error) {
      this.problem.textContent = `The charts could not be read: ${error.message}.`;
      return;
    }
    this.newest = wanted;
    this.work = this.work.then(() => this.draw(wanted, theme.template));
  }

  /** Frames for all charts, in order and at their final height, so that nothing jumps when the charts arrive. */
  arrange(wanted) {
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, chart] of this.charts) if (!ids.has(id)) this.remove(id, chart);
    let before = this.list.firstElementChild;
    for (const spec of wanted) {
      const chart = this.charts.get(spec.id) ?? this.add(spec.id);
      chart.arrange(spec);
      if (chart.figure === before) before = before.nextElementSibling;
      else this.list.insertBefore(chart.figure, before);
      chart.placed();
    }
  }

  add(id) {
    const chart = new Framed(id, (words) => (this.spoken.textContent = words), this.pick.bind(this));
    this.sizes.observe(chart.plot);
    this.charts.set(id, chart);
    return chart;
  }

  remove(id, chart) {
    this.sizes.unobserve(chart.plot);
    chart.leave();
    this.charts.delete(id);
  }

  async draw(wanted, template) {
    if (this.newest !== wanted) return; // something newer waits
    let Plotly;
    try {
      Plotly = await plotly(wanted.lib);
      this.problem.textContent = "";
    } catch {
      this.problem.textContent = "The chart library could not be loaded; reloading the page may help.";
      return;
    }
    for (const spec of wanted.charts) {
      const chart = this.charts.get(spec.id);
      const content = JSON.stringify([spec.traces, spec.layout, spec.height, chart?.turned, template]);
      chart?.cursor.place(spec.layout);
      if (!chart || chart.drawn === content) continue;
      chart.drawn = content;
      await inTurn(async () => {
        if (this.charts.get(spec.id) !== chart) return; // it went meanwhile
        if (!chart.plot.matches(".js-plotly-plot")) chart.width = chart.plot.clientWidth; // react keeps a plot's width
        await chart.draw(Plotly, template);
        chart.cursor.fit();
      });
    }
    this.fit(); // a chart that came or went while others were drawn changed their width
  }

  /** Tell which point was clicked, where its trace says by its `meta` what its points are. */
  pick(chart, points) {
    const point = points.find(({ data }) => typeof data.meta === "string");
    if (point) this.tell?.("picked", { chart, meta: point.data.meta, name: String(point.customdata?.[1] ?? "") });
  }

  /** Charts follow the width of the page. */
  fit() {
    for (const chart of this.charts.values()) {
      const { clientWidth } = chart.plot;
      if (!clientWidth || chart.width === clientWidth || !chart.plot.matches(".js-plotly-plot")) continue;
      chart.width = clientWidth;
      Promise.resolve(chart.turn() && chart.redraw()).then(() => window.Plotly.Plots.resize(chart.plot)).then(() => chart.cursor.fit());
    }
  }

  leave() {
    this.newest = null;
    this.sizes.disconnect();
    for (const [id, chart] of this.charts) this.remove(id, chart);
  }
}

export default function charts({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  let board = boards.get(parentElement);
  if (!board) {
    board = new Board(parentElement);
    boards.set(parentElement, board);
  }
  board.tell = setTriggerValue;
  board.show(data);
  return onLeave(parentElement, () => {
    board.leave();
    boards.delete(parentElement);
  });
}
