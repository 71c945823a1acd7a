// Groups of small pictures; one that has a name can be picked. See pictures.py.

const shown = new WeakMap(); // the bytes that a board shows

function text(name, className, content) {
  return Object.assign(document.createElement(name), { className, textContent: content });
}

function pictureOf(item, group, colours, pick) {
  const box = text(item.pick ? "button" : "div", "item", "");
  if (item.pick) {
    Object.assign(box, { type: "button", onclick: () => pick("picked", item.pick) });
    box.setAttribute("aria-pressed", String(Boolean(item.marked)));
    box.dataset.pick = item.pick;
  }
  box.classList.toggle("marked", Boolean(item.marked));
  if (item.picture) {
    const canvas = document.createElement("canvas");
    paint(canvas, item.picture, colours);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", item.alt || item.label);
    box.append(canvas);
  } else if (group.style === "cards") {
    const none = text("span", `none${item.waits ? " waits" : ""}`, item.waits ? "" : "⤓");
    none.setAttribute("aria-hidden", "true");
    box.append(none);
  }
  if (item.label) box.append(Object.assign(text("span", "label", item.label), { title: item.label }));
  if (item.note || item.badges?.length) {
    const note = text("span", "note", "");
    for (const [kind, words] of item.badges ?? []) note.append(text("span", `badge ${kind}`, words));
    note.append(item.note);
    box.append(note);
  }
  const place = document.createElement("li");
  place.append(box);
  return place;
}

export default function pictures({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  const root = parentElement.querySelector(".pictures");
  const told = new TextDecoder().decode(data);
  const look = getComputedStyle(root).color;
  if (shown.get(parentElement) === told + look) return;
  shown.set(parentElement, told + look);
  const colours = coloursOf(root);
  const focused = (parentElement.activeElement ?? document.activeElement)?.dataset?.pick;
  const wanted = JSON.parse(told);
  root.classList.toggle("beside", Boolean(wanted.beside));
  const groups = wanted.groups.map((group) => {
    const section = document.createElement("section");
    const head = text("div", "head", "");
    if (group.title) head.append(text("h2", "", group.title));
    if (group.file) head.append(savingOf(group, colours));
    if (head.children.length) section.append(head);
    section.append(text("p", "", group.caption ?? ""));
    const list = text("ul", group.style ?? "row", "");
    list.style.setProperty("--side", `${group.side ?? 72}px`);
    list.append(...group.items.map((item) => pictureOf(item, group, colours, setTriggerValue)));
    section.append(list);
    return section;
  });
  root.replaceChildren(...groups);
  if (focused) root.querySelector(`[data-pick="${CSS.escape(focused)}"]`)?.focus();
}
