// A matrix of connections as a value, and its history. Nothing in this file knows the page, or what the numbers in the
// matrix mean: that is in the rules of a block and of a cell (block_editor.rules.js, cell_editor.rules.js).
//
// edges[i][j] is what leads from vertex i to vertex j, 0 for nothing; below the diagonal it arrives one time step late.
// Matrices are never changed in place: every edit makes a new one, so the history is a list.

const NONE = 0;
const HISTORY = 1000;
const MANY = 9; // more vertices than that are drawn small
const TINY = 20; // and more than that as small as can be read

const depthOf = (edges) => edges.length - 1;
const cycled = (kind) => (kind + 1) % RULES.kinds.length;
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const fromCompact = (text) => text.split("/").map((row) => [...row].map(Number));
const isBack = (i, j) => j < i;
const hasBack = (edges) => edges.some((row, i) => row.some((cell, j) => cell && isBack(i, j)));

function describe(names, edges, i, j) {
  const kind = edges[i][j];
  if (!isBack(i, j)) return `${names.vertex(i)} to ${names.vertex(j)}: ${RULES.kinds[kind]}`;
  const what = kind ? RULES.kinds[kind] : "none";
  return `from ${names.vertex(i)} back to ${names.vertex(j)}, one time step late: ${what}`;
}

/** The same in the fewest words. */
function brief(names, edges, i, j) {
  const kind = RULES.brief[edges[i][j]];
  if (!isBack(i, j)) return `${names.label(i)} → ${names.label(j)}: ${kind}`;
  return `${names.label(i)} → ${names.label(j)}, one time step late: ${edges[i][j] ? kind : "none"}`;
}

function replaced(edges, i, j, kind) {
  return edges.map((row, a) => (a === i ? row.map((cell, b) => (b === j ? kind : cell)) : row));
}

function cleared(edges) {
  return edges.map((row) => row.map(() => NONE));
}

function withoutBack(edges) {
  return edges.map((row, i) => row.map((cell, j) => (isBack(i, j) ? NONE : cell)));
}

/** Every place (i, j) where something may be drawn, backwards too. */
function slots(edges) {
  const vertices = [...edges.keys()];
  return vertices.flatMap((i) => vertices.filter((j) => !refusal(i, j, null)).map((j) => [i, j]));
}

/** The places where something is drawn. */
function drawnIn(edges) {
  return slots(edges).filter(([i, j]) => edges[i][j]);
}

/** What is drawn, with its past and future. It outlives the elements on the page, which Streamlit may replace. */
class Drawing {
  constructor(edges, rev, fixed) {
    this.rev = rev; // names the matrix that Python last put here
    this.fixed = fixed; // whether the number of vertices stays
    this.back = RULES.back; // whether backward connections are offered
    this.show(edges);
    this.past = [];
    this.future = [];
    this.brush = RULES.brush;
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
