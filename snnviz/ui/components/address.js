// Sets the query string in the address bar. Browsers refuse too many changes in a short time, so while somebody
// draws fast only the newest one is written.
//
// The first change after a rest is a step of the browser's history, to which Back returns; those that follow at once,
// as while a slider is dragged, are of that step. What a page writes when it is opened, or when Back or Forward led to
// it, is no step.

const PAUSE = 150; // ms
const REST = 1000; // ms
const STREAMLIT_OWN = ["embed", "embed_options"];
const timers = new WeakMap();
let page = null; // the path whose first query was written
let changed = -REST;
let went = false;
addEventListener("popstate", () => (went = true));

function write(query, steps) {
  const url = new URL(location.href);
  const parts = query ? [query] : [];
  for (const [name, value] of url.searchParams) {
    if (STREAMLIT_OWN.includes(name)) parts.push(`${name}=${encodeURIComponent(value)}`);
  }
  url.search = parts.join("&");
  const isStep = steps && page === url.pathname && !went && performance.now() - changed > REST;
  page = url.pathname;
  went = false;
  if (url.href === location.href) return;
  changed = performance.now();
  if (isStep) history.pushState(history.state, "", url);
  else history.replaceState(history.state, "", url);
}

export default function address({ data, parentElement }) {
  if (typeof data?.query !== "string") return;
  const box = (parentElement.host ?? parentElement).closest("[data-testid=stElementContainer]");
  if (box) box.style.position = "absolute"; // out of the flow: no gap where nothing is shown
  clearTimeout(timers.get(parentElement));
  const written = () => {
    write(data.query, data.steps);
    if (box) box.dataset.query = data.query; // for who waits for it
  };
  timers.set(parentElement, setTimeout(written, PAUSE));
  return onLeave(parentElement, () => clearTimeout(timers.get(parentElement)));
}
