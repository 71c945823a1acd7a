// A network as a row of cards: see stages.py.

const SVG = "http://www.w3.org/2000/svg";

function element(name, className, ...children) {
  const node = Object.assign(document.createElement(name), { className });
  node.append(...children);
  return node;
}

/** A block's matrix in the small: a square for each place, those with a skip in its colour. */
function picture(edges) {
  const rows = edges.split("/");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "picture");
  const side = rows.length - 2; // no skip reaches vertices 0 and 1, none leaves the last two
  const frame = Math.max(3, side); // a single place is no giant
  svg.setAttribute("viewBox", `${(side - frame) / 2} ${(side - frame) / 2} ${frame} ${frame}`);
  svg.setAttribute("aria-hidden", "true");
  const gap = rows.length > 12 ? 0 : 0.12;
  rows.forEach((row, i) => {
    for (let j = i + 2; j < rows.length; j++) {
      const rect = document.createElementNS(SVG, "rect");
      const box = { x: j - 2 + gap / 2, y: i + gap / 2, width: 1 - gap, height: 1 - gap, class: ["room", "dsc", "asc"][row[j]] };
      for (const [key, value] of Object.entries(box)) rect.setAttribute(key, value);
      svg.append(rect);
    }
  });
  return svg;
}

function cardOf({ title, role, lines, share, edges, changed }, number, open) {
  const card = element(number ? "button" : "div", number ? "card" : "card end");
  const words = element("span", "words", ...lines.map((line, k) => element("span", k ? "soft" : "", line)));
  const name = element("span", "title", title, ...(role ? [" ", element("span", "role", role)] : []));
  card.append(name, element("span", "body", ...(number ? [picture(edges)] : []), words));
  if (number) {
    card.type = "button";
    card.dataset.block = number;
    card.classList.toggle("changed", changed);
    card.title = changed ? "Changed from the original. Click to open." : "As in the original. Click to open.";
    card.addEventListener("click", () => open(number));
  }
  const bar = element("span", "");
  bar.style.width = `${100 * share}%`;
  const percent = share > 0 && share < 0.01 ? "<1 %" : `${Math.round(100 * share)} %`;
  const shown = element("span", "share", element("span", "rail", bar), percent);
  shown.title = `${percent} of the network's parameters`;
  card.append(shown);
  return card;
}

const shown = new WeakMap(); // by element: what it shows

export default function stages({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  const row = parentElement.querySelector(".row");
  const mark = (number) => {
    for (const card of row.querySelectorAll("button")) {
      card.setAttribute("aria-pressed", String(Number(card.dataset.block) === number));
    }
  };
  const open = (number) => {
    mark(number);
    setTriggerValue("opened", number);
  };
  const text = JSON.stringify(data.cards);
  if (shown.get(row) !== text) {
    shown.set(row, text);
    const held = row.getRootNode().activeElement?.dataset?.block; // a card that is made anew keeps the focus
    let blocks = 0;
    row.replaceChildren(...data.cards.map((card) => cardOf(card, card.edges ? ++blocks : 0, open)));
    if (held) row.querySelector(`[data-block="${held}"]`)?.focus({ preventScroll: true });
  }
  mark(data.opened);
}
