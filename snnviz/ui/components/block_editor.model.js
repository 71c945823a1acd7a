// The block's matrix as a value, its history, and the words for it. Nothing in this file knows the page.
//
// edges[i][j] is the skip from vertex i to vertex j: 0 none, 1 DSC, 2 ASC. Vertex 0 is the block's input, vertices
// 1..depth its layers, or the last its output: a merge without weights. Below the diagonal (1 <= j < i) stand backward connections, which arrive one time step late.
// Matrices are never changed in place: every edit makes a new one, so the history is a list.

const NONE = 0;
const DSC = 1;
const ASC = 2;
const MIN_DEPTH = 2;
const MAX_DEPTH = 8;
const LETTERS = ["", "D", "A"];
const KINDS = ["no skip", "DSC, concatenate", "ASC, add"];
const HISTORY = 1000;
const MANY = 9; // more vertices than that are drawn small
const TINY = 20; // and more than that as small as can be read

const depthOf = (edges) => edges.length - 1;
const cycled = (kind) => (kind + 1) % 3;
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const written = (edges) => edges.map((row) => row.join(" ")).join(" / ");
const fromCompact = (text) => text.split("/").map((row) => [...row].map(Number));
const isBack = (i, j) => j < i;
const hasBack = (edges) => edges.some((row, i) => row.some((cell, j) => cell && isBack(i, j)));

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

  describe(edges, i, j) {
    const kind = edges[i][j];
    if (!isBack(i, j)) return `${this.vertex(i)} to ${this.vertex(j)}: ${KINDS[kind]}`;
    return `from ${this.vertex(i)} back to ${this.vertex(j)}, one time step late: ${kind ? KINDS[kind] : "none"}`;
  }

  /** The same in the fewest words. */
  brief(edges, i, j) {
    const kind = ["no skip", "DSC", "ASC"][edges[i][j]];
    if (!isBack(i, j)) return `${this.label(i)} → ${this.label(j)}: ${kind}`;
    return `${this.label(i)} → ${this.label(j)}, one time step late: ${edges[i][j] ? kind : "none"}`;
  }
}

/** Why nothing may be drawn from i to j, or null where it may; `noBack` is why not backwards, if so. */
function refusal(i, j, noBack) {
  if (j === 0) return "0 is the block's input, which no layer feeds";
  if (j === i) return "a layer does not feed itself";
  if (j === i + 1) return "the sequential path is always there";
  return isBack(i, j) ? noBack : null;
}

function withSkip(edges, i, j, kind) {
  return edges.map((row, a) => (a === i ? row.map((cell, b) => (b === j ? kind : cell)) : row));
}

/** The same block with `depth` layers; what lies within both depths stays. */
function resized(edges, depth) {
  const vertices = [...Array(depth + 1).keys()];
  return vertices.map((i) => vertices.map((j) => edges[i]?.[j] ?? NONE));
}

function cleared(edges) {
  return edges.map((row) => row.map(() => NONE));
}

function withoutBack(edges) {
  return edges.map((row, i) => row.map((cell, j) => (isBack(i, j) ? NONE : cell)));
}

/** Every place (i, j) for a skip or a backward connection. */
function slots(edges) {
  const vertices = [...edges.keys()];
  return vertices.flatMap((i) => vertices.filter((j) => !refusal(i, j, null)).map((j) => [i, j]));
}

/** The places where something is drawn. */
function drawnIn(edges) {
  return slots(edges).filter(([i, j]) => edges[i][j]);
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

/** What is drawn, with its past and future. It outlives the elements on the page, which Streamlit may replace. */
class Drawing {
  constructor(edges, rev, fixed) {
    this.rev = rev; // names the matrix that Python last put here
    this.fixed = fixed; // whether the number of vertices stays
    this.back = false; // whether backward connections are offered
    this.show(edges);
    this.past = [];
    this.future = [];
    this.brush = DSC;
    this.question = null; // the question that Python has not answered yet
  }

  /** Another block, of another size: what was drawn before is no past of it. */
  restart(edges, fixed) {
    this.fixed = fixed;
    this.past = [];
    this.future = [];
    this.show(edges);
  }

  /** Takes `edges` as the newest state; false if that changes nothing. */
  change(edges) {
    if (same(edges, this.now)) return false;
    this.past = [...this.past, this.now].slice(-HISTORY);
    this.future = [];
    this.show(edges);
    return true;
  }

  show(edges) {
    this.now = edges;
    this.back ||= hasBack(edges);
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(this.now);
    this.show(this.past.pop());
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(this.now);
    this.show(this.future.pop());
    return true;
  }
}
