// Sets the query string in the address bar. Browsers refuse too many changes in a short time, so while somebody
// draws fast only the newest one is written.

const PAUSE = 150; // ms
const STREAMLIT_OWN = ["embed", "embed_options"];
const timers = new WeakMap();

function write(query) {
  const url = new URL(location.href);
  const parts = query ? [query] : [];
  for (const [name, value] of url.searchParams) {
    if (STREAMLIT_OWN.includes(name)) parts.push(`${name}=${encodeURIComponent(value)}`);
  }
  url.search = parts.join("&");
  if (url.href !== location.href) history.replaceState(history.state, "", url);
}

export default function address({ data, parentElement }) {
  if (typeof data?.query !== "string") return;
  const box = (parentElement.host ?? parentElement).closest("[data-testid=stElementContainer]");
  if (box) box.style.position = "absolute"; // out of the flow: no gap where nothing is shown
  clearTimeout(timers.get(parentElement));
  timers.set(parentElement, setTimeout(() => write(data.query), PAUSE));
  return () => clearTimeout(timers.get(parentElement));
}
