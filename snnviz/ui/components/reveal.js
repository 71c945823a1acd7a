// The moments already answered, by key: a remount must not scroll again.
const answered = new Map();

export default function ({ data, key, parentElement }) {
  const before = answered.get(key) ?? 0;
  if (!data || data.moment <= before) return;
  answered.set(key, data.moment);
  const place = parentElement.host ?? parentElement;
  place.style.scrollMarginTop = "4.5rem"; // below the page's header
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const show = () => place.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  show();
  const again = setTimeout(show, 600); // what stands below has grown by then
  for (const moved of ["wheel", "keydown", "pointerdown"]) addEventListener(moved, () => clearTimeout(again), { once: true });
}
