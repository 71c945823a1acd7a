// A network as a list of boxes: see flow.py.

function element(name, className, text) {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

function box({ name, inside, shape, role, branch }) {
  const item = element("li", role, "");
  const body = element("span", "body", "");
  const unbroken = name.replace(/\(.*\)/, (role) => role.replaceAll(" ", "\u00a0"));
  body.append(element("b", "", unbroken), element("small", "", inside));
  item.append(body, element("span", "shape", shape));
  if (branch) {
    const beside = element("span", "branch", "");
    beside.append(element("span", "", branch), element("em", "", "training only"));
    item.append(beside);
  }
  return item;
}

export default function flow({ data, parentElement }) {
  if (!data) return;
  const one = (selector) => parentElement.querySelector(selector);
  one("h2").textContent = data.title;
  one("figcaption").textContent = data.caption;
  one("ol").replaceChildren(...data.parts.map(box));
  one("ol").setAttribute("aria-label", data.title);
}
