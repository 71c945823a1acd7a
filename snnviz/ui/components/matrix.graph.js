// The matrix as a graph, left to right. Of a block: the sequential path in the middle, DSC arcs above it, ASC arcs below,
// and below those the backward connections. Of a cell: forward above, backward below.

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Where everything lies, in pixels, for a block in `width` pixels; `back`: with room for backward connections.
 *
 * Nodes are circles, and where many stand close together upright pills, whose names are written sideways.
 */
function arrange(edges, width, back, output) {
  const depth = depthOf(edges);
  const tail = 30; // the arrow that leaves it
  const entry = RULES.path ? 0 : tail; // and the one that comes in
  const step = Math.min(RULES.step, (width - 64 - tail - entry) / depth);
  const many = edges.length > MANY;
  const radius = Math.max(many ? 5 : 11, Math.min(21, step * (many ? 0.36 : 0.32)));
  const upright = many && radius < 12;
  const tall = upright ? 16 : radius; // half a node's height
  const room = many ? (back ? 120 : 180) / (depth - 1) : Infinity;
  const { above, below } = RULES.arcs;
  // how much higher an arc gets for every further layer it spans
  const rise = Math.min(step < 50 ? 13 : RULES.arcs.rise, room);
  const high = (span) => tall + above + rise * (span - 1);
  const middle = high(depth) + 16;
  const left = (width + entry - tail - step * depth) / 2;
  const under = drawnIn(edges).filter(([i, j]) => isBelow(edges, i, j) && !isBack(i, j));
  const low = Math.max(tall, ...under.map(([i, j]) => high(j - i))); // backward arcs lie below all others
  const deep = (span) => low + below + rise * (span - 1);
  const floor = back ? Math.max(high(depth), deep(RULES.path ? depth - 1 : depth)) : high(depth);
  const height = middle + floor + 16;
  const x = (k) => left + step * k;
  return { depth, width, tail, step, radius, tall, upright, output, high, deep, middle, height, x };
}

const isBelow = (edges, i, j) => isBack(i, j) || RULES.below(edges[i][j]);

/** The arc from i to j, and its highest or lowest point. `ports` are the shifts that keep arcs at one vertex apart. */
function arc(place, i, j, kind, [out, into] = [0.35, 0.35]) {
  const up = RULES.below(kind) || isBack(i, j) ? 1 : -1;
  const right = isBack(i, j) ? -1 : 1;
  const reach = isBack(i, j) ? place.deep(i - j) : place.high(j - i);
  const { radius, tall, middle, output } = place;
  const edge = (k, port) => (k === output ? tall : tall - radius * (1 - Math.sqrt(1 - port * port)));
  const from = place.x(i) + right * out * radius;
  const to = place.x(j) - right * into * radius;
  const start = middle + up * edge(i, out);
  const end = middle + up * (edge(j, into) + 6);
  const control = middle + (up * reach * 4 - up * tall) / 3;
  const path = `M${from} ${start}C${from} ${control} ${to} ${control} ${to} ${end}`;
  return { path, apex: [(from + to) / 2, middle + up * reach] };
}

/** Shifts at both ends of an arc, so that the arcs at one vertex nest: the one that reaches furthest lies innermost. */
function portsOf(edges, skips, i, j) {
  const rank = ([a, b]) => (isBack(a, b) ? 100 : 0) + Math.abs(a - b);
  const side = skips.filter(([a, b]) => isBelow(edges, a, b) === isBelow(edges, i, j));
  const shift = (k, end) => {
    const together = side.filter(([a, b]) => (a === k && b > k === end > k) || (b === k && a > k === end > k));
    const inner = together.filter((other) => rank(other) > rank([i, j])).length;
    return 0.16 + inner * Math.min(0.4, 0.74 / together.length);
  };
  return [shift(i, j), shift(j, i)];
}

function makeGraph(editor) {
  const box = editor.root.querySelector(".graph");
  const svg = box.querySelector("svg");
  let place = null; // where everything lies
  let drag = null; // {from, line, target} while a skip is being drawn

  function paint(edges) {
    const { names } = editor;
    place = arrange(edges, box.clientWidth || 600, !editor.noBack, names.output);
    svg.setAttribute("viewBox", `0 0 ${place.width} ${place.height}`);
    svg.style.height = `${place.height}px`;
    const skips = drawnIn(edges);
    const ports = skips.map(([i, j]) => portsOf(edges, skips, i, j));
    svg.setAttribute("aria-label", spoken(names, edges));
    svg.classList.toggle("crowded", skips.length > 12);
    svg.classList.toggle("dense", skips.length > 40);
    svg.style.setProperty("--thin", Math.max(1, 1.7 - skips.length / 200));
    svg.classList.toggle("upright", place.upright);
    svg.replaceChildren(
      arrowheads(),
      ...(RULES.path ? edges.map((_, k) => sequentialArrow(k)) : [entry(), sequentialArrow(place.depth)]),
      ...skips.map(([i, j], n) => line(edges, i, j, ports[n])),
      ...skips.map(([i, j], n) => badge(edges, i, j, ports[n])),
      ...edges.map((_, k) => node(k)),
    );
  }

  function arrowheads() {
    const heads = ["chain", ...RULES.classes.slice(1), "back"].map((name) => {
      const tip = shape("path", { d: "M0 0L7 3.5L0 7z", class: `head ${name}` });
      const box = { id: `to-${name}`, viewBox: "0 0 7 7", refX: 1, refY: 3.5, orient: "auto" };
      const size = place.upright ? 5.5 : 7;
      return shape("marker", { ...box, markerWidth: size, markerHeight: size, markerUnits: "userSpaceOnUse" }, tip);
    });
    return shape("defs", {}, ...heads);
  }

  function sequentialArrow(k) {
    const last = k === place.depth;
    const from = place.x(k) + place.radius;
    const to = last ? from + place.tail - 8 : place.x(k + 1) - place.radius - (place.upright ? 5 : 7);
    const title = shape("title", {});
    title.textContent = last ? `the ${RULES.what}'s output` : "the sequential path is always there";
    const ends = { x1: from, x2: to, y1: place.middle, y2: place.middle };
    return shape("line", { class: "chain", ...ends, "marker-end": "url(#to-chain)" }, title);
  }

  /** The arrow that comes into a cell. */
  function entry() {
    const title = shape("title", {});
    title.textContent = `the ${RULES.what}'s input`;
    const to = place.x(0) - place.radius - 7;
    const ends = { x1: to - place.tail + 15, x2: to, y1: place.middle, y2: place.middle };
    return shape("line", { class: "chain", ...ends, "marker-end": "url(#to-chain)" }, title);
  }

  function skip(edges, i, j, ...parts) {
    const title = shape("title", {});
    title.textContent = describe(editor.names, edges, i, j);
    const kind = edges[i][j];
    const name = RULES.classes[kind];
    return shape("g", { class: isBack(i, j) ? `skip back ${name}` : `skip ${name}`, "data-i": i, "data-j": j, "data-kind": kind }, title, ...parts);
  }

  function line(edges, i, j, ports) {
    const { path } = arc(place, i, j, edges[i][j], ports);
    const tip = `url(#to-${isBack(i, j) ? "back" : RULES.classes[edges[i][j]]})`;
    const reach = shape("path", { class: "reach", d: path }); // wide and unseen: easy to hit
    return skip(edges, i, j, reach, shape("path", { class: "line", d: path, "marker-end": tip }));
  }

  /** What an arc does, on a badge. Badges lie above all lines. */
  function badge(edges, i, j, ports) {
    const [x, y] = arc(place, i, j, edges[i][j], ports).apex;
    const letter = shape("text", { x, y });
    const r = place.step < 90 ? 7.5 : 9;
    letter.textContent = badgeText(edges[i][j], isBack(i, j), place.step);
    const long = letter.textContent.length;
    const half = long > 1 ? 4.5 + 3.3 * long : r;
    const frame = { x: x - half, y: y - r, width: 2 * half, height: 2 * r, rx: r };
    return skip(edges, i, j, shape("rect", { class: "badge", ...frame }), letter);
  }

  function node(k) {
    const { radius, tall, middle, output } = place;
    const x = place.x(k);
    const name = shape("text", place.upright ? { transform: `translate(${x} ${middle})rotate(-90)` } : { x, y: middle });
    name.textContent = editor.names.label(k);
    const size = { width: 2 * radius, height: 2 * tall, rx: k === output ? radius * 0.25 : radius };
    const body = shape("rect", { class: "body", x: x - radius, y: middle - tall, ...size });
    const role = k === output ? " output" : k ? "" : " input";
    return shape("g", { class: `node${role}`, "data-vertex": k }, body, name);
  }

  /** Shows which place is meant: its arc, or where its arc would be. */
  function light(where) {
    for (const lit of svg.querySelectorAll(".lit")) lit.classList.remove("lit");
    svg.querySelector(".ghost")?.remove();
    svg.classList.toggle("pointing", Boolean(where));
    if (!where) return;
    const [i, j] = where;
    for (const k of where) svg.querySelector(`.node[data-vertex="${k}"]`)?.classList.add("lit");
    const drawn = svg.querySelectorAll(`.skip[data-i="${i}"][data-j="${j}"]`);
    for (const part of drawn) part.classList.add("lit");
    if (!drawn.length && !editor.readonly) {
      svg.append(shape("path", { class: "ghost", d: arc(place, i, j, RULES.brush).path }));
    }
  }

  function pointOf(event) {
    const frame = svg.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  function nearest([x, y]) {
    const k = Math.max(0, Math.min(place.depth, Math.round((x - place.x(0)) / place.step)));
    const reach = Math.max(place.radius + 6, Math.min(34, place.step * 0.45));
    const rise = ((y - place.middle) * place.radius) / place.tall;
    return Math.hypot(x - place.x(k), rise) <= reach ? k : null;
  }

  function endDrag() {
    drag.line.remove();
    drag = null;
    svg.classList.remove("dragging");
    for (const marked of svg.querySelectorAll(".can, .target")) marked.classList.remove("can", "target");
  }

  editor.on(svg, "pointerdown", (event) => {
    const start = event.target.closest(".node");
    if (!start || editor.readonly || event.button !== 0) return;
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    drag = { from: Number(start.dataset.vertex), target: null, line: shape("path", { class: "rubber" }) };
    drag.line.dataset.kind = editor.drawing.brush;
    svg.insertBefore(drag.line, svg.querySelector(".node"));
    svg.classList.add("dragging");
    for (const other of svg.querySelectorAll(".node")) {
      other.classList.toggle("can", !editor.refusal(drag.from, Number(other.dataset.vertex)));
    }
  });

  editor.on(svg, "pointermove", (event) => {
    if (!drag) return editor.light(placeUnder(event));
    const [x, y] = pointOf(event);
    const target = nearest([x, y]);
    drag.target = target;
    const from = place.x(drag.from);
    if (target !== null && !editor.refusal(drag.from, target)) {
      drag.line.setAttribute("d", arc(place, drag.from, target, editor.drawing.brush).path);
      drag.line.classList.toggle("back", isBack(drag.from, target));
    } else {
      drag.line.classList.remove("back");
      const bend = place.middle + (y > place.middle ? 1 : -1) * Math.min(60, Math.abs(x - from) / 2);
      drag.line.setAttribute("d", `M${from} ${place.middle}Q${(from + x) / 2} ${bend} ${x} ${y}`);
    }
    for (const other of svg.querySelectorAll(".node")) {
      other.classList.toggle("target", Number(other.dataset.vertex) === target);
    }
  });

  editor.on(svg, "pointerup", (event) => {
    if (!drag) return;
    const { from } = drag;
    const to = nearest(pointOf(event));
    endDrag();
    editor.keepFocus();
    if (to === null || to === from) return;
    const why = editor.refusal(from, to);
    if (why) return editor.say(`${editor.names.vertex(from)} to ${editor.names.vertex(to)}: ${why}`);
    editor.draw(from, to, editor.drawing.brush);
  });

  editor.on(svg, "pointercancel", () => drag && endDrag());

  editor.on(svg, "click", (event) => {
    const where = placeUnder(event);
    if (!where || editor.readonly) return;
    editor.focus(...where);
    editor.draw(...where, cycled(editor.drawing.now[where[0]][where[1]]));
  });

  editor.on(svg, "pointerleave", () => drag || editor.light(null));

  function placeUnder(event) {
    const drawn = event.target.closest(".skip");
    return drawn ? [Number(drawn.dataset.i), Number(drawn.dataset.j)] : null;
  }

  return { box, paint, light };
}
