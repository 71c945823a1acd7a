// What the matrix of a cell may hold, and the words for it.
//
// edges[i][j] is the operation from node i to node j: 0 zeroize, 1 skip, 2 conv 1x1, 3 conv 3x3, 4 average pool. Node 0
// is the cell's input, node 3 its output. Below the diagonal stand backward connections, which arrive one time step
// late. A pair of nodes has a connection in one direction or in none.

const RULES = {
  what: "cell",
  path: false,
  back: true,
  kinds: ["zeroize", "skip", "conv 1×1", "conv 3×3", "average pool 3×3"],
  brief: ["zeroize", "skip", "conv 1×1", "conv 3×3", "average pool"],
  letters: ["", "skip", "1×1", "3×3", "pool"],
  classes: ["", "op1", "op2", "op3", "op4"],
  brush: 3,
  first: [0, 1],
  step: 210,
  arcs: { above: 28, below: 28, rise: 36 },
  below: () => false,
  next: "number", // the field of the draw that its second button counts up
  cleared: "all connections removed",
};

/** What the nodes are called. */
class Names {
  constructor(labels) {
    this.labels = labels ?? [];
    this.output = null;
  }

  label(k) {
    return String(k);
  }

  vertex(k) {
    return `node ${k}`;
  }
}

/** Why nothing may be drawn from i to j, or null where it may. */
function refusal(i, j) {
  return i === j ? "a node does not feed itself" : null;
}

/** A connection takes the place of the one in the other direction. */
function put(edges, i, j, kind) {
  return replaced(kind ? replaced(edges, j, i, NONE) : edges, i, j, kind);
}

/** What is said of an edit. */
function told(names, before, edges, i, j) {
  const gone = before[j][i] && !edges[j][i];
  return describe(names, edges, i, j) + (gone ? `; that from node ${j} ${i > j ? "" : "back "}to node ${i} is gone` : "");
}

const written = (edges) => edges.map((row) => row.join("")).join(" ");

/** "4 forward and 2 backward", the cell in a line. */
function summary(edges) {
  const back = drawnIn(edges).filter(([i, j]) => isBack(i, j)).length;
  const ahead = drawnIn(edges).length - back;
  const parts = [[ahead, "forward"], [back, "backward"]].filter(([n]) => n).map(([n, name]) => `${n} ${name}`);
  return `${parts.join(" and ") || "no connections"}  ·  ${written(edges)}`;
}

/** The graph for a screen reader. */
function spoken(names, edges) {
  const found = drawnIn(edges).map(([i, j]) => describe(names, edges, i, j));
  return `Cell of 4 nodes, ${found.join("; ") || "no connections"}`;
}

/** The operation on an arc, and on a backward one that it is late. */
function badgeText(kind, back, step) {
  return (step > 110 ? ["", "skip", "conv 1×1", "conv 3×3", "avg pool"] : RULES.letters)[kind] + (back ? " · t−1" : "");
}
