// The grid: one cell per place, worked by mouse or by keyboard alone.

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function makeGrid(editor) {
  const table = editor.root.querySelector(".grid table");
  let depth = null; // the depth for which the table stands
  let noBack = null; // why its lower triangle is closed, if it is
  let names = null; // and what its heads say
  let cells = []; // its cells, by row and column
  let current = RULES.first; // the one cell that Tab reaches (roving tabindex)

  const cellAt = (i, j) => cells[i]?.[j];
  const placeOf = (cell) => [Number(cell.dataset.i), Number(cell.dataset.j)];

  function build(edges) {
    const held = table.contains(editor.root.activeElement); // the focus would go with the cell that has it
    depth = depthOf(edges);
    ({ noBack, names } = editor);
    const head = table.createTHead();
    const body = table.tBodies[0] ?? table.createTBody();
    const columns = document.createElement("tr");
    columns.setAttribute("role", "row");
    columns.append(corner(), ...edges.map((_, j) => heading(j, "columnheader")));
    head.replaceChildren(columns);
    cells = edges.map((_, i) => edges.map((_, j) => (editor.refusal(i, j) ? closedCell(i, j) : openCell(i, j))));
    body.replaceChildren(...cells.map(row));
    if (!cellAt(...current)?.matches(".place")) current = RULES.first;
    if (held && cellAt(...current)) focus(...current);
  }

  function corner() {
    const cell = document.createElement("td");
    cell.className = "corner";
    cell.setAttribute("aria-hidden", "true");
    cell.innerHTML = "<span>to</span><span>from</span>";
    return cell;
  }

  function heading(k, role) {
    const cell = document.createElement("th");
    cell.append(Object.assign(document.createElement("span"), { textContent: names.label(k) }));
    cell.classList.toggle("output", k === names.output);
    cell.dataset.vertex = k;
    cell.setAttribute("role", role);
    cell.setAttribute("aria-label", `${role === "rowheader" ? "from" : "to"} ${names.vertex(k)}`);
    return cell;
  }

  function row(its, i) {
    const line = document.createElement("tr");
    line.setAttribute("role", "row");
    line.append(heading(i, "rowheader"), ...its);
    return line;
  }

  function openCell(i, j) {
    const cell = document.createElement("td");
    cell.className = isBack(i, j) ? "place back" : "place";
    Object.assign(cell.dataset, { i, j });
    cell.setAttribute("role", "gridcell");
    return cell;
  }

  /** A cell that is not offered; it says why on hover and to a screen reader. */
  function closedCell(i, j) {
    const cell = document.createElement("td");
    const why = editor.refusal(i, j);
    const path = RULES.path && j === i + 1;
    cell.className = path ? "closed path" : "closed";
    cell.textContent = path ? "→" : "";
    cell.title = why;
    Object.assign(cell.dataset, { i, j });
    cell.setAttribute("role", "gridcell");
    cell.setAttribute("aria-disabled", "true");
    cell.setAttribute("aria-label", `${names.vertex(i)} to ${names.vertex(j)}: ${why}`);
    return cell;
  }

  function paint(edges) {
    if (depth !== depthOf(edges) || noBack !== editor.noBack || names !== editor.names) build(edges);
    table.setAttribute("aria-readonly", String(editor.readonly));
    for (const [i, j] of slots(edges)) {
      if (editor.refusal(i, j)) continue;
      const cell = cellAt(i, j);
      const kind = edges[i][j];
      const words = describe(names, edges, i, j);
      cell.tabIndex = i === current[0] && j === current[1] ? 0 : -1;
      if (cell.getAttribute("aria-label") === words) continue;
      cell.textContent = RULES.letters[kind];
      cell.dataset.kind = kind;
      cell.title = words;
      cell.setAttribute("aria-label", words);
    }
  }

  /** Shows which place is meant, here and in the headings; null for none. */
  function light(place) {
    for (const lit of table.querySelectorAll(".lit, .along")) lit.classList.remove("lit", "along");
    if (!place) return;
    const [i, j] = place;
    cells[i].slice(0, j).forEach((cell) => cell.classList.add("along"));
    cells.slice(0, i).forEach((line) => line[j].classList.add("along"));
    cellAt(i, j)?.classList.add("lit");
    table.querySelector(`thead [data-vertex="${j}"]`)?.classList.add("lit");
    table.querySelector(`tbody [data-vertex="${i}"]`)?.classList.add("lit");
  }

  /** Moves the cell that Tab reaches, and the focus with it. */
  function focus(i, j) {
    const [a, b] = current;
    const left = cellAt(a, b);
    if (left) left.tabIndex = -1;
    current = [i, j];
    const cell = cellAt(i, j);
    cell.tabIndex = 0;
    cell.focus({ preventScroll: true });
  }

  /** To the next open cell in line; up and down, where there is none, to the nearest one in the next row. */
  function move(i, j, [down, right]) {
    for (let a = i + down, b = j + right; cellAt(a, b); a += down, b += right) {
      if (!editor.refusal(a, b)) return focus(a, b);
    }
    if (!down) return;
    const far = ([a, b]) => 100 * Math.abs(a - i) + Math.abs(b - j);
    const rows = slots(editor.drawing.now).filter(([a, b]) => (a - i) * down > 0 && !editor.refusal(a, b));
    if (rows.length) focus(...rows.reduce((best, place) => (far(place) < far(best) ? place : best)));
  }

  editor.on(table, "click", (event) => {
    const cell = event.target.closest("td.place, td.closed");
    if (!cell) return;
    const [i, j] = placeOf(cell);
    const why = editor.refusal(i, j);
    if (why) return editor.say(`${names.vertex(i)} to ${names.vertex(j)}: ${why}`);
    focus(i, j);
    editor.draw(i, j, cycled(editor.drawing.now[i][j]));
  });

  editor.on(table, "keydown", (event) => {
    const cell = event.target.closest("td.place");
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    const [i, j] = placeOf(cell);
    if (STEPS[event.key]) move(i, j, STEPS[event.key]);
    else if (event.key === " " || event.key === "Enter") editor.draw(i, j, cycled(editor.drawing.now[i][j]));
    else if (/^\d$/.test(event.key) && RULES.kinds[event.key]) editor.draw(i, j, Number(event.key));
    else if (event.key === "Delete" || event.key === "Backspace") editor.draw(i, j, NONE);
    else return;
    event.preventDefault();
  });

  const point = (event) => {
    const cell = event.target.closest("td.place");
    editor.light(cell ? placeOf(cell) : null);
  };
  editor.on(table, "pointerover", point);
  editor.on(table, "focusin", point);
  editor.on(table, "pointerleave", () => editor.light(null));
  editor.on(table, "focusout", () => editor.light(null));

  return { paint, light, focus };
}
