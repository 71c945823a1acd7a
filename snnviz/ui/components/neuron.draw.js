// The two pictures of the moving neuron: the cell that fills, and what happens in it over time.

/** A canvas that is as sharp as the screen, cleared, and its size in pixels of the page. */
function surface(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const sharp = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * sharp), Math.round(height * sharp)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d");
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

function coloursOfNeuron(element) {
  const style = getComputedStyle(element);
  const named = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  return {
    text: style.color,
    font: style.fontFamily,
    current: named("--st-blue-color", "#1c83e1"),
    potential: named("--st-primary-color", "#0f7b6c"),
    threshold: named("--st-orange-color", "#d97706"),
    line: named("--st-border-color", "#cccccc"),
    ground: named("--st-background-color", "#ffffff"),
  };
}

/** A scale from values to pixels, and back. */
function scale([low, high], [bottom, top]) {
  const of = (value) => bottom + ((value - low) / (high - low)) * (top - bottom);
  of.inverse = (y) => low + ((y - bottom) / (top - bottom)) * (high - low);
  return of;
}

const LABELS = 14; // pixels above a row, for its name

/** Spikes, potential and current over time, newest at the right. Returns the scales of the rows. */
function drawTraces({ context, width, height }, { history, phase, setting, colours }) {
  const gap = width / SHOWN;
  const x = (k) => width - 6 - (history.length - 1 - k + phase) * gap;
  const rows = { spikes: [0.17 * height, LABELS], potential: [0.7 * height, 0.17 * height + 2 * LABELS], inflow: [height - 4, 0.7 * height + 2 * LABELS] };
  const highest = Math.max(setting.threshold * 1.3, ...history.map(({ u }) => u));
  const lowest = Math.min(0, ...history.map(({ u }) => u));
  const potential = scale([lowest, highest], rows.potential);
  const most = Math.max(0.5, setting.current * 1.15, ...history.map(({ current }) => current));
  const least = Math.min(0, ...history.map(({ current }) => current));
  const inflow = scale([least, most], rows.inflow);

  context.font = `600 12px ${colours.font}`;
  context.fillStyle = colours.text;
  context.textBaseline = "bottom";
  context.fillText("Spikes", 2, rows.spikes[1]);
  context.fillText("Membrane potential u", 2, rows.potential[1] - 1);
  const beside = 2 + context.measureText("Membrane potential u").width + 16;
  context.fillText("Current I", 2, rows.inflow[1] - 1);

  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  for (const y of [rows.spikes[0], potential(0), inflow(0)]) line(context, 0, y, width, y);

  context.fillStyle = colours.current;
  context.globalAlpha = 0.75;
  history.forEach(({ current }, k) => context.fillRect(x(k) - gap * 0.35, Math.min(inflow(0), inflow(current)), gap * 0.7, Math.abs(inflow(current) - inflow(0))));
  context.globalAlpha = 1;
  handle(context, inflow(setting.current), width, colours.current);

  handle(context, potential(setting.threshold), width, colours.threshold);
  context.fillText("threshold θ", beside, rows.potential[1] - 1);
  context.strokeStyle = colours.potential;
  context.lineWidth = 2.2;
  context.lineJoin = "round";
  context.beginPath();
  history.forEach(({ u }, k) => context.lineTo(x(k), potential(u)));
  context.stroke();
  context.fillStyle = colours.potential;
  history.forEach(({ u, spiked }, k) => {
    context.beginPath();
    context.arc(x(k), potential(u), spiked ? 4 : 2, 0, 2 * Math.PI);
    context.fill();
    if (spiked) context.fillRect(x(k) - 1.5, rows.spikes[1] + 2, 3, rows.spikes[0] - rows.spikes[1] - 2);
  });
  return { potential, inflow };
}

function line(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/** A line that can be dragged. */
function handle(context, y, width, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1.8;
  context.setLineDash([6, 4]);
  line(context, 0, y, width, y);
  context.setLineDash([]);
  context.fillStyle = colour;
  context.beginPath();
  context.arc(width - 8, y, 6, 0, 2 * Math.PI);
  context.fill();
}

/** The neuron itself: it fills with the potential up to the threshold; a spike leaves along the axon. */
function drawCell({ context, width, height }, { history, phase, setting, colours }) {
  const radius = Math.min(height * 0.33, width * 0.26);
  const [cx, cy] = [width * 0.46, height * 0.5];
  const now = history.at(-1) ?? { current: 0, u: 0, spiked: false };
  const before = history.at(-2) ?? now;
  const top = 1.35 * setting.threshold;
  const level = Math.max(0, Math.min(1, now.u / top));
  const inside = scale([0, 1], [cy + radius, cy - radius]);

  context.lineCap = "round";
  context.strokeStyle = colours.text;
  context.globalAlpha = 0.55;
  context.lineWidth = 3;
  const branches = [-0.75, 0, 0.75].map((slope) => [4, cy + slope * radius * 1.25, cx - radius * 0.9, cy + slope * radius * 0.45]);
  for (const branch of branches) line(context, ...branch);
  line(context, cx + radius, cy, width - 4, cy);
  context.globalAlpha = 1;

  context.save();
  context.beginPath();
  context.arc(cx, cy, radius, 0, 2 * Math.PI);
  context.fillStyle = colours.ground;
  context.fill();
  context.clip();
  context.fillStyle = colours.potential;
  context.globalAlpha = now.spiked ? 1 : 0.65;
  context.fillRect(cx - radius, inside(level), 2 * radius, inside(0) - inside(level));
  context.globalAlpha = 1;
  context.strokeStyle = colours.threshold;
  context.lineWidth = 2;
  context.setLineDash([6, 4]);
  const mark = inside(setting.threshold / top);
  line(context, cx - radius, mark, cx + radius, mark);
  context.setLineDash([]);
  context.restore();
  context.beginPath();
  context.arc(cx, cy, radius, 0, 2 * Math.PI);
  context.strokeStyle = now.spiked ? colours.potential : colours.text;
  context.lineWidth = now.spiked ? 5 : 2.5;
  context.stroke();

  // Current arrives: dots along the branches, larger where more flows in.
  context.fillStyle = colours.current;
  const size = Math.min(9, 3 + 6 * Math.sqrt(Math.max(0, now.current)));
  if (now.current > 0) {
    for (const [x0, y0, x1, y1] of branches) {
      for (const far of [phase, phase / 2 + 0.5].filter((share) => share <= 1)) {
        context.beginPath();
        context.arc(x0 + (x1 - x0) * far, y0 + (y1 - y0) * far, size / 2, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }

  // Spikes of the last steps run along the axon.
  context.fillStyle = colours.potential;
  [now, before, history.at(-3)].forEach((then, ago) => {
    if (!then?.spiked) return;
    const far = (ago + phase) / 3;
    context.beginPath();
    context.arc(cx + radius + (width - 10 - cx - radius) * far, cy, 8, 0, 2 * Math.PI);
    context.fill();
  });

  context.fillStyle = colours.text;
  context.font = `12px ${colours.font}`;
  context.textBaseline = "top";
  context.textAlign = "center";
  context.fillText("current in", Math.max(34, cx - radius - 24), height - 16);
  context.fillText("potential", cx, height - 16);
  context.fillText("spike out", Math.min(width - 32, cx + radius + 34), height - 16);
  context.textAlign = "left";
}
