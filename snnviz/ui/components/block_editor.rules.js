// What a block's matrix may hold, and the words for it.
//
// edges[i][j] is the skip from vertex i to vertex j: 0 none, 1 DSC, 2 ASC. Vertex 0 is the block's input, vertices
// 1..depth its layers, or the last its output: a merge without weights. Below the diagonal (1 <= j < i) stand backward
// connections, which arrive one time step late.

const DSC = 1;
const ASC = 2;
const MIN_DEPTH = 2;
const MAX_DEPTH = 8;

const RULES = {
  what: "block",
  path: true, // the sequential path is always there
  back: false, // backward connections are behind a switch
  kinds: ["no skip", "DSC, concatenate", "ASC, add"],
  brief: ["no skip", "DSC", "ASC"],
  letters: ["", "D", "A"],
  classes: ["", "dsc", "asc"],
  brush: DSC,
  first: [0, 2], // the place that Tab reaches first
  step: 165, // the most pixels between two nodes of the graph
  arcs: { above: 12, below: 24, rise: 20 },
  below: (kind) => kind === ASC,
  next: "seed", // the field of the draw that its second button counts up
  cleared: "all skips removed",
};

/** What the vertices are called: "L3" where there is little room, "layer 3" in a sentence. */
class Names {
  constructor(labels) {
    this.labels = labels ?? [];
    this.output = this.labels.at(-1) === "out" ? this.labels.length - 1 : null;
  }

  label(k) {
    return this.labels[k] ?? (k === 0 ? "in" : `L${k}`);
  }

  vertex(k) {
    if (k === 0) return "input";
    return k === this.output ? "output" : this.label(k).replace(/^L(\d+)$/, "layer $1");
  }
}

/** Why nothing may be drawn from i to j, or null where it may; `noBack` is why not backwards, if so. */
function refusal(i, j, noBack) {
  if (j === 0) return "0 is the block's input, which no layer feeds";
  if (j === i) return "a layer does not feed itself";
  if (j === i + 1) return "the sequential path is always there";
  return isBack(i, j) ? noBack : null;
}

/** Python takes any place alone. */
const put = replaced;

/** What is said of an edit. */
function told(names, before, edges, i, j) {
  return describe(names, edges, i, j);
}

const written = (edges) => edges.map((row) => row.join(" ")).join(" / ");

/** The same block with `depth` layers; what lies within both depths stays. */
function resized(edges, depth) {
  const vertices = [...Array(depth + 1).keys()];
  return vertices.map((i) => vertices.map((j) => edges[i]?.[j] ?? NONE));
}

/** "2 DSC and 1 ASC in 6 places, 1 backward", the block in a line. */
function summary(edges) {
  const skips = slots(edges).filter(([i, j]) => !isBack(i, j));
  const count = (kind) => skips.filter(([i, j]) => edges[i][j] === kind).length;
  const parts = [[count(DSC), "DSC"], [count(ASC), "ASC"]].filter(([n]) => n).map(([n, name]) => `${n} ${name}`);
  const back = drawnIn(edges).filter(([i, j]) => isBack(i, j)).length;
  const places = `${skips.length} ${skips.length === 1 ? "place" : "places"}`;
  return `${parts.join(" and ") || "no skips"} in ${places}${back ? `, ${back} backward` : ""}`;
}

/** The graph for a screen reader. */
function spoken(names, edges) {
  const skips = drawnIn(edges).map(([i, j]) => describe(names, edges, i, j));
  const layers = depthOf(edges) - (names.output ? 1 : 0);
  return `Block of ${layers} layers in sequence, ${skips.join("; ") || "no skips"}`;
}

/** The letter on an arc, and on a backward one that it is late, where there is room for it. */
function badgeText(kind, back, step) {
  return RULES.letters[kind] + (back && step > 60 ? " t−1" : "");
}
