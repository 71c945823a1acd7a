// Parallel coordinates where they are too narrow to stand side by side, as on a phone: the axes lie below each other, the
// first at the top, and low values are at the left. What is given is for upright axes; only the drawing is turned.

const ROW = 76; // pixels from axis to axis
const BENEATH = 150; // pixels for the legend and the ends
const LETTER = 5.6; // pixels of one, about

/** Traces and layout of upright axes for lying ones, in so many pixels of width. */
function turned({ traces, layout, ...more }, width) {
  const swap = ({ x0, x1, y0, y1, ...shape }) => ({ ...shape, x0: y0, x1: y1, y0: x0, y1: x1 });
  const titles = layout.xaxis.ticktext.map((text, y) => ({
    x: 0, y, text: `<b>${text.replace("<br>", " ")}</b>`, showarrow: false, xanchor: "left", yanchor: "bottom", yshift: 4, font: { size: 12 }, captureevents: false,
  }));
  const bare = { showgrid: false, zeroline: false, fixedrange: true, showticklabels: false };
  const last = layout.xaxis.tickvals.length - 1;
  return {
    ...more,
    traces: traces.map((trace) => ({ ...trace, x: trace.y, y: trace.x })),
    layout: {
      ...layout,
      xaxis: { ...bare, range: [-0.04, 1.04] },
      yaxis: { ...bare, range: [last + 0.55, -0.55] },
      margin: { l: 4, r: 4, t: 8, b: 8 },
      shapes: layout.shapes.map(swap),
      annotations: [...titles, ...roomy(layout.annotations, width)],
      dragmode: false, // see Brush.drag
    },
  };
}

/** The ticks of each axis that have room beside the ones before. */
function roomy(ticks, width) {
  const ends = new Map(); // by axis: where the last tick ends
  const kept = [];
  for (const { x: axis, y: at, ...tick } of [...ticks].sort((a, b) => a.y - b.y)) {
    const side = at < 0.12 ? "left" : at > 0.88 ? "right" : "center";
    const wide = LETTER * tick.text.length + 8;
    const begin = at * width - (side === "left" ? 0 : side === "right" ? wide : wide / 2);
    if (begin < (ends.get(axis) ?? -Infinity)) continue;
    ends.set(axis, begin + wide);
    kept.push({ ...tick, x: at, y: axis, xanchor: side, yanchor: "top", xshift: 0, yshift: -4 });
  }
  return kept;
}
