// A live region says what is put into it while it stands there; so what is new is put a moment later.
const PAUSE = 150; // ms

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector("[role=status]");
  if (!data || place.dataset.number === String(data.number)) return;
  place.dataset.number = data.number;
  setTimeout(() => (place.textContent = data.words), PAUSE);
}
