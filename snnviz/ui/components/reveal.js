const FOLLOWS = 10_000; // milliseconds in which what stands above may still grow, on a slow machine
const EVERY = 300;

// By key: the moment that was answered, until when its place is followed, and the timer that does.
const answered = new Map();

export default function ({ data, key, parentElement }) {
  if (!data || !data.moment) return;
  let known = answered.get(key);
  const isNew = data.moment > (known?.moment ?? 0);
  if (isNew) {
    clearInterval(known?.timer);
    answered.set(key, (known = { moment: data.moment, until: performance.now() + FOLLOWS }));
    const release = () => (known.until = 0); // whoever moves the page goes where they want
    for (const moved of ["wheel", "keydown", "pointerdown"]) addEventListener(moved, release, { once: true });
  }
  if (performance.now() > known.until) return; // a remount must not scroll again
  const place = parentElement.host ?? parentElement;
  place.style.scrollMarginTop = "4.5rem"; // below the page's header
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const show = () => place.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  if (isNew) show();
  clearInterval(known.timer);
  let before = NaN;
  known.timer = setInterval(() => {
    if (performance.now() > known.until || !place.isConnected) return clearInterval(known.timer);
    const { top } = place.getBoundingClientRect();
    const rests = top === before; // and is not on its way there
    before = top;
    if (rests && (top < 0 || top > innerHeight / 2)) show();
  }, EVERY);
}
