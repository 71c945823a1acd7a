// The block's matrix as a value, its history, and the words for it. Nothing in this file knows the page.
//
// edges[i][j] is the skip from vertex i to vertex j: 0 none, 1 DSC, 2 ASC. Vertex 0 is the block's input, vertices
// 1..depth its layers. Matrices are never changed in place: every edit makes a new one, so the history is a list.

const NONE = 0;
const DSC = 1;
const ASC = 2;
const MIN_DEPTH = 2;
const MAX_DEPTH = 8;
const LETTERS = ["", "D", "A"];
const KINDS = ["no skip", "DSC, concatenate", "ASC, add"];
const HISTORY = 1000;

const vertex = (k) => (k === 0 ? "input" : `layer ${k}`);
const label = (k) => (k === 0 ? "in" : `L${k}`);
const depthOf = (edges) => edges.length - 1;
const cycled = (kind) => (kind + 1) % 3;
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const written = (edges) => edges.map((row) => row.join(" ")).join(" / ");
const fromCompact = (text) => text.split("/").map((row) => [...row].map(Number));
const describe = (edges, i, j) => `${vertex(i)} to ${vertex(j)}: ${KINDS[edges[i][j]]}`;

/** Why no skip may be drawn from i to j, or null where it may. */
function refusal(i, j) {
  if (j <= i) return "would close a cycle";
  if (j === i + 1) return "the sequential path is always there";
  return null;
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

/** Every place (i, j) for a skip. */
function slots(edges) {
  const places = [];
  for (let i = 0; i < edges.length; i++) for (let j = i + 2; j < edges.length; j++) places.push([i, j]);
  return places;
}

function countOf(edges, kind) {
  return edges.flat().filter((cell) => cell === kind).length;
}

/** "2 DSC and 1 ASC in 6 places", the block in a line. */
function summary(edges) {
  const parts = [];
  for (const [kind, name] of [[DSC, "DSC"], [ASC, "ASC"]]) {
    if (countOf(edges, kind)) parts.push(`${countOf(edges, kind)} ${name}`);
  }
  const places = slots(edges).length;
  return `${parts.join(" and ") || "no skips"} in ${places} ${places === 1 ? "place" : "places"}`;
}

/** What is drawn, with its past and future. It outlives the elements on the page, which Streamlit may replace. */
class Drawing {
  constructor(edges, rev) {
    this.now = edges;
    this.rev = rev; // names the matrix that Python last put here
    this.past = [];
    this.future = [];
    this.brush = DSC;
    this.question = null; // the question that Python has not answered yet
  }

  /** Takes `edges` as the newest state; false if that changes nothing. */
  change(edges) {
    if (same(edges, this.now)) return false;
    this.past = [...this.past, this.now].slice(-HISTORY);
    this.future = [];
    this.now = edges;
    return true;
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(this.now);
    this.now = this.past.pop();
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(this.now);
    this.now = this.future.pop();
    return true;
  }
}
