// A text that cannot be changed, and a button that copies it. Where the browser gives no clipboard (without https), the
// text is selected, to be copied by the keyboard or by a long press.

const MOST_ROWS = 6;

export default function ({ data, parentElement }) {
  if (!data) return;
  const one = (selector) => parentElement.querySelector(selector);
  const area = one("textarea");
  const said = one(".said");
  one("label").textContent = data.label;
  if (area.value !== data.text) {
    area.value = data.text;
    said.textContent = "";
  }
  one("button").setAttribute("aria-label", `Copy: ${data.label}`);
  const fit = () => {
    area.rows = 1;
    while (area.rows < MOST_ROWS && area.scrollHeight > area.clientHeight + 1) area.rows += 1;
  };
  fit();
  const sizes = new ResizeObserver(fit);
  sizes.observe(parentElement.host ?? one("label"));
  one("button").onclick = async () => {
    try {
      await navigator.clipboard.writeText(area.value);
      said.textContent = "Copied.";
    } catch {
      area.focus();
      area.select();
      said.textContent = "Selected: copy it with Ctrl+C.";
    }
  };
  return () => sizes.disconnect();
}
