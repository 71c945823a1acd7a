// What a chart says, apart from how it is drawn: in words for who cannot see it, and as a table.

const MOST_SAID = 12; // series in a summary
const MOST_SHOWN = 1000; // rows of a table on the page; a file has all
const UNSEEN = "–";

/** A label without Plotly's markup, which is a little HTML. Nothing in it is run. */
function unmarked(text) {
  const spaced = String(text ?? "").replace(/<br\s*\/?>/g, " ");
  return new DOMParser().parseFromString(spaced, "text/html").body.textContent.replace(/\s+/g, " ").trim();
}

const isPercent = (axis) => /%$/.test(axis?.tickformat ?? "");

/** A number as it is said: four digits, in per cent where the axis is. */
function inWords(value, percent = false) {
  if (value === null || value === undefined || Number.isNaN(value)) return UNSEEN;
  if (typeof value !== "number") return unmarked(value);
  const short = Number((percent ? 100 * value : value).toPrecision(4));
  return percent ? `${short} %` : String(short);
}

function axisOf(layout, letter, name) {
  const key = `${letter}axis${(name ?? letter).slice(1)}`;
  const axis = layout[key] ?? {};
  const title = unmarked(axis.title?.text ?? axis.title ?? "");
  const first = layout[`${letter}axis`]?.title;
  return { axis, title: title || unmarked(first?.text ?? "") || layout.meta?.[letter] || "" };
}

/** Places along an axis that a trace does not list. */
const counted = (many, first, by) => Array.from({ length: many }, (_, k) => (first ?? 0) + k * (by ?? 1));

/** A band between two lines: there along its upper end and back along the lower one. */
function bandOf({ x, y }) {
  const half = x.length / 2;
  if (!Number.isInteger(half) || x.some((value, k) => value !== x[x.length - 1 - k])) return null;
  return { x: x.slice(0, half), high: y.slice(0, half), low: y.slice(half).reverse() };
}

/** The series of a chart: lines and points, bars, boxes as their medians, and maps, whose rows may have names; see `points`. */
function seriesOf({ traces, layout }) {
  const found = [];
  const bands = new Map();
  traces.forEach((trace, curve) => {
    const kind = trace.type ?? "scatter";
    const across = axisOf(layout, "x", trace.xaxis);
    const up = axisOf(layout, "y", trace.yaxis);
    const joined = kind !== "scatter" || /lines/.test(trace.mode ?? "lines"); // a line, or bars in order
    const one = { curve, kind, joined, name: unmarked(trace.name), group: unmarked(trace.legendgroup), across, up };
    if (kind === "heatmap") {
      const rows = trace.rownames ?? trace.y ?? counted(trace.z.length, trace.y0, trace.dy);
      const columns = trace.x ?? counted(trace.z[0]?.length ?? 0, trace.x0, trace.dx);
      const bar = trace.colorbar ?? layout.coloraxis?.colorbar ?? {};
      const unit = unmarked(bar.title?.text ?? bar.title ?? "");
      const words = typeof trace.customdata?.[0]?.[0] === "string" ? trace.customdata : null;
      found.push({ ...one, rows, columns, z: trace.z, words, unit, percent: isPercent(bar) });
    } else if (trace.fill === "toself" && Array.isArray(trace.x)) {
      const band = bandOf(trace);
      if (band) bands.set(one.group, band);
    } else if (kind === "box") {
      found.push({ ...one, name: one.name || up.title, x: trace.x, y: trace.median, percent: isPercent(up.axis) });
    } else if (trace.hoverinfo !== "skip" || trace.name) {
      const side = trace.orientation === "h" ? "x" : "y";
      const y = trace.y ?? [];
      const x = trace.x ?? counted(y.length, trace.x0, trace.dx);
      if (y.every((value) => value === null || value === undefined)) return;
      const errors = trace[`error_${side}`] ?? {};
      const text = Array.isArray(trace.text) ? trace.text.map(unmarked) : null;
      found.push({ ...one, x, y, text, more: errors.array, less: errors.arrayminus, percent: isPercent(up.axis) });
    }
  });
  const names = new Map();
  for (const one of found) {
    one.name ||= one.group || (found.length > 1 ? `${one.up.title || "series"} ${found.indexOf(one) + 1}` : one.up.title);
    if (names.has(one.name) && one.group && one.group !== one.name) one.name = `${one.name}, ${one.group}`;
    const before = names.get(one.name) ?? 0;
    names.set(one.name, before + 1);
    if (before) one.name = `${one.name} (${before + 1})`;
    one.band = one.kind === "scatter" && one.group ? bands.get(one.group) : null;
    bands.delete(one.group);
  }
  return found;
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

function extremes(values) {
  const known = values.filter(isNumber);
  return known.length ? [Math.min(...known), Math.max(...known)] : null;
}

/** What a map's cell says. */
function cellInWords(one, row, column) {
  const { unit, percent } = one;
  return one.words?.[row]?.[column] || `${unit ? `${unit} ` : ""}${inWords(one.z[row][column], percent)}`;
}

function mapInWords(one) {
  let low = null;
  let high = null;
  one.z.forEach((row, i) =>
    row.forEach((value, j) => {
      if (!isNumber(value)) return;
      if (!low || value < low.value) low = { value, i, j };
      if (!high || value > high.value) high = { value, i, j };
    }),
  );
  const of = (many, what, title) => `${many} ${what}${title ? ` (${title})` : ""}`;
  const size = `${of(one.rows.length, "rows", one.up.title)} by ${of(one.columns.length, "columns", one.across.title)}`;
  const at = ({ i, j }) => `${cellInWords(one, i, j)} at ${inWords(one.rows[i])}, ${inWords(one.columns[j])}`;
  const named = !one.name || one.name === one.up.title ? "Map" : `${one.name}: map`;
  return `${named} of ${size}${low ? `; lowest ${at(low)}, highest ${at(high)}` : ", empty so far"}.`;
}

function lineInWords(one) {
  const places = one.y.map((_, k) => k).filter((k) => one.y[k] !== null && one.y[k] !== undefined);
  const say = (k) => inWords(one.y[k], one.percent);
  const first = places[0];
  const last = places.at(-1);
  if (first === last) return `${one.name}: ${say(first)} at ${inWords(one.x[first], isPercent(one.across.axis))}.`;
  if (!places.every((k) => isNumber(one.y[k]))) return `${one.name}: ${places.length} points.`;
  const low = places.reduce((best, k) => (one.y[k] < one.y[best] ? k : best));
  const high = places.reduce((best, k) => (one.y[k] > one.y[best] ? k : best));
  const at = (k) => (k === first || k === last ? say(k) : `${say(k)} at ${inWords(one.x[k], isPercent(one.across.axis))}`);
  if (!one.joined) return `${one.name}: ${places.length} points, lowest ${at(low)}, highest ${at(high)}.`;
  return `${one.name}: first ${say(first)}, last ${say(last)}, lowest ${at(low)}, highest ${at(high)}.`;
}

/** A chart in words: over what, and of each series its first, last, lowest and highest value. */
function summary(series) {
  if (!series.length) return "Nothing is drawn yet.";
  const lines = series.filter(({ kind }) => kind !== "heatmap");
  const said = series.slice(0, MOST_SAID).map((one) => (one.kind === "heatmap" ? mapInWords(one) : lineInWords(one)));
  if (series.length > MOST_SAID) said.push(`And ${series.length - MOST_SAID} more.`);
  if (lines.length) {
    const reach = extremes(lines.flatMap(({ x }) => x));
    const { axis, title } = lines[0].across;
    const span = reach ? `, ${inWords(reach[0], isPercent(axis))} to ${inWords(reach[1], isPercent(axis))}` : "";
    const over = [lines[0].up.title, title].filter(Boolean).join(" over ");
    if (over) said.unshift(`${over}${span}.`);
  }
  return said.join(" ");
}

/** A chart as a table: `head`, the names of the columns, `rows` of values, and which columns are per cent. */
function tableOf(series) {
  const maps = series.filter(({ kind }) => kind === "heatmap");
  if (maps.length) return mapTable(maps);
  const alike = series.every(({ across }) => across.title === series[0].across.title);
  const places = [...new Set(series.flatMap(({ x }) => x))];
  const most = Math.max(0, ...series.map(({ x }) => x.length));
  const once = series.every(({ x }) => new Set(x).size === x.length);
  if (series.length && alike && once && places.length <= 2 * most && !series.some(({ text }) => text)) return wideTable(series, places);
  const head = ["series", series[0]?.across.title || "x", series[0]?.up.title || "y", "label"];
  const rows = series.flatMap((one) => one.y.map((y, k) => [one.name, one.x[k], y, one.text?.[k] ?? ""]));
  const percent = [false, isPercent(series[0]?.across.axis), series[0]?.percent, false];
  const unlabelled = rows.every((row) => !row[3]);
  return unlabelled ? { head: head.slice(0, 3), rows: rows.map((row) => row.slice(0, 3)), percent } : { head, rows, percent };
}

function wideTable(series, places) {
  if (places.every(isNumber)) places.sort((a, b) => a - b);
  const columns = [];
  for (const one of series) {
    const add = (name, values, x = one.x) => {
      const at = new Map(x.map((place, k) => [place, values[k]]));
      columns.push({ name, percent: one.percent, value: (place) => at.get(place) ?? null });
    };
    add(one.name, one.y);
    if (one.more) add(`${one.name}, ${one.less ? "+" : "±"}`, one.more);
    if (one.less) add(`${one.name}, −`, one.less);
    if (one.band) add(`${one.name}, from`, one.band.low, one.band.x);
    if (one.band) add(`${one.name}, to`, one.band.high, one.band.x);
  }
  return {
    head: [series[0].across.title || "x", ...columns.map(({ name }) => name)],
    rows: places.map((place) => [place, ...columns.map(({ value }) => value(place))]),
    percent: [isPercent(series[0].across.axis), ...columns.map(({ percent }) => percent)],
  };
}

function mapTable(maps) {
  const many = maps.length > 1;
  const [{ up, across, unit }] = maps;
  const rows = maps.flatMap((one) =>
    one.rows.flatMap((row, i) => one.columns.map((column, j) => [...(many ? [one.name] : []), row, column, one.z[i][j]])),
  );
  return {
    head: [...(many ? ["map"] : []), up.title || "row", across.title || "column", unit || "value"],
    rows: rows.filter((row) => row.at(-1) !== null),
    percent: [...(many ? [false] : []), false, false, maps[0].percent],
  };
}

/** A table's text for a file. What a spreadsheet would take for a formula is text. */
function csvOf({ head, rows }) {
  const cell = (value) => {
    if (isNumber(value)) return String(value);
    const text = unmarked(value);
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

/** The table as an element; of a long one the beginning. */
function tableElement({ head, rows, percent }, title) {
  const table = document.createElement("table");
  table.createCaption().textContent = rows.length > MOST_SHOWN ? `${title}: the first ${MOST_SHOWN} of ${rows.length} rows` : title;
  const top = table.createTHead().insertRow();
  for (const name of head) top.append(Object.assign(document.createElement("th"), { scope: "col", textContent: name }));
  const body = table.createTBody();
  for (const row of rows.slice(0, MOST_SHOWN)) {
    const line = body.insertRow();
    row.forEach((value, k) => (line.insertCell().textContent = inWords(value, percent[k])));
  }
  return table;
}
