// Cards that open pages. The charts are small on purpose: "lines" {x, x_label, y_label, low, series: [{name, values}]},
// "intervals" {x_label, rows: [{name, value, low, high}], zero} and "bars" {x_label, most, bars: [{name, value}]}.

const SIZE = { width: 320, height: 152 };

function drawn(name, attributes, words = "") {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = words;
  return node;
}

const along = (low, high, from, to) => (value) => from + ((value - low) / (high - low || 1)) * (to - from);

function lines({ x, x_label, y_label, low, series }) {
  const high = Math.max(...series.flatMap(({ values }) => values));
  const across = along(x[0], x.at(-1), 34, SIZE.width - 8);
  const up = along(low, high, SIZE.height - 30, 34);
  const found = [
    drawn("path", { class: "axis", d: `M34 ${up(low)}H${SIZE.width - 8}` }),
    drawn("text", { x: 30, y: up(low) + 4, "text-anchor": "end" }, String(low)),
    drawn("text", { x: 30, y: up(high) + 4, "text-anchor": "end" }, String(Math.round(high))),
    drawn("text", { x: SIZE.width - 8, y: SIZE.height - 2, "text-anchor": "end" }, x_label),
    drawn("text", { x: 34, y: SIZE.height - 14, "text-anchor": "middle" }, String(x[0])),
    drawn("text", { x: SIZE.width - 8, y: SIZE.height - 14, "text-anchor": "end" }, String(x.at(-1))),
    drawn("text", { x: 0, y: SIZE.height - 2 }, y_label),
  ];
  let place = 4;
  series.forEach(({ name, values }, number) => {
    const look = number ? "second" : "first";
    found.push(drawn("polyline", { class: look, points: values.map((value, k) => `${across(x[k])},${up(value)}`).join(" ") }));
    if (x.length < 8) for (const [k, value] of values.entries()) found.push(drawn("circle", { class: `dot ${look}`, cx: across(x[k]), cy: up(value), r: 3.5 }));
    found.push(drawn("path", { class: look, d: `M${place} 10h18` }), drawn("text", { x: place + 23, y: 14 }, name));
    place += 34 + 6.1 * name.length;
  });
  return found;
}

function intervals({ x_label, rows, zero }) {
  const ends = rows.flatMap(({ low, high }) => [low, high]).concat(zero ? [0] : []);
  const room = (Math.max(...ends) - Math.min(...ends)) * 0.12;
  const across = along(Math.min(...ends) - room, Math.max(...ends) + room, 118, SIZE.width - 8);
  const gap = (SIZE.height - 40) / rows.length;
  const found = [drawn("text", { x: SIZE.width - 8, y: SIZE.height - 4, "text-anchor": "end" }, x_label)];
  if (zero) found.push(drawn("path", { class: "axis", d: `M${across(0)} 6V${SIZE.height - 36}` }), drawn("text", { x: across(0), y: SIZE.height - 22, "text-anchor": "middle" }, "0"));
  rows.forEach(({ name, value, low, high }, number) => {
    const y = 8 + gap * (number + 0.5);
    found.push(
      drawn("text", { x: 0, y: y + 4 }, name),
      drawn("path", { class: "first", d: `M${across(low)} ${y}H${across(high)}M${across(low)} ${y - 5}v10M${across(high)} ${y - 5}v10` }),
      drawn("circle", { class: "dot first", cx: across(value), cy: y, r: 4.5 }),
      drawn("text", { class: "strong", x: across(value), y: y - 9, "text-anchor": "middle" }, String(value)),
    );
  });
  return found;
}

function bars({ x_label, most, bars: rows }) {
  const across = along(0, most, 118, SIZE.width - 40);
  const gap = (SIZE.height - 30) / rows.length;
  const found = [drawn("text", { x: SIZE.width - 8, y: SIZE.height - 4, "text-anchor": "end" }, x_label)];
  rows.forEach(({ name, value }, number) => {
    const y = 6 + gap * number + gap / 2;
    found.push(
      drawn("text", { x: 0, y: y + 4 }, name),
      drawn("rect", { class: "bar", x: 118, y: y - 11, width: across(value) - 118, height: 22, rx: 4 }),
      drawn("text", { class: "strong", x: across(value) + 5, y: y + 4 }, String(value)),
    );
  });
  return found;
}

const CHARTS = { lines, intervals, bars };

function cardOf(card, number, open) {
  const link = Object.assign(document.createElement("a"), { href: card.href });
  const named = (tag, words, look = "") => Object.assign(document.createElement(tag), { textContent: words, className: look });
  link.append(named("h3", card.title), named("p", card.words));
  if (card.chart.kind) {
    const figure = document.createElement("figure");
    const chart = drawn("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, "aria-hidden": "true" });
    chart.append(...CHARTS[card.chart.kind](card.chart));
    figure.append(chart, named("figcaption", card.note));
    link.append(figure);
  }
  link.append(named("span", card.action, "action"));
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // another tab or window
    event.preventDefault();
    open("opened", number);
  });
  return link;
}

const shown = new WeakMap(); // by element: what it shows, as drawing anew would take the focus away

export default function cards({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  const told = new TextDecoder().decode(data);
  if (shown.get(parentElement) === told) return;
  shown.set(parentElement, told);
  parentElement.querySelector(".cards").replaceChildren(...JSON.parse(told).map((card, number) => cardOf(card, number, setTriggerValue)));
}
