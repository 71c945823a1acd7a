// What cannot be read or hit on a page, as sentences; through shadow roots too. Run by access.py.
(() => {
  const MAY_SCROLL = "[data-testid=stDataFrame], .numbers, .view, pre, code, textarea, input, table";
  const found = [];

  function* elements(root) {
    for (const one of root.querySelectorAll("*")) {
      yield one;
      if (one.shadowRoot) yield* elements(one.shadowRoot);
    }
  }
  const home = (one) => one.getRootNode().host ?? one;
  const within = (one, selector) => one.closest(selector) || (home(one) !== one && home(one).closest(selector));
  const words = (one) => (one.innerText ?? one.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 50);
  const drawn = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const seen = (one) => drawn(one) && !within(one, ".unseen, .st-key-heading, .st-key-announced, [aria-hidden=true], [inert]");
  // Streamlit's link over the page's top, which is drawn where it has the focus alone.
  const all = [...elements(document.body)].filter((one) => !within(one, "script, style, [data-testid=stSidebar], a[href='#stMain']"));

  // WCAG 2.2: of a colour on another.
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    const parts = [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };

  // Wider than the page.
  const main = document.querySelector("[data-testid=stMain]");
  if (main.scrollWidth > main.clientWidth + 1) found.push(`the page is ${main.scrollWidth} px wide, of ${main.clientWidth}`);

  // Cut off.
  for (const one of all) {
    if (one instanceof SVGElement || !seen(one) || within(one, MAY_SCROLL)) continue;
    const style = getComputedStyle(one);
    if (style.overflowX === "visible" || !words(one) || one.clientWidth < 2) continue;
    if (one.scrollWidth > one.clientWidth + 2) found.push(`cut: ${one.clientWidth} of ${one.scrollWidth} px of "${words(one)}" (${one.tagName} ${one.dataset.testid ?? one.className})`);
  }

  // On top of each other: the texts of a chart, and those of the page.
  const boxes = (texts) => texts.map((one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return [one, one instanceof SVGElement ? one.getBoundingClientRect() : range.getBoundingClientRect()];
  });
  const collide = (pairs, what, least) => {
    pairs.forEach(([one, a], k) =>
      pairs.slice(k + 1).forEach(([other, b]) => {
        const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (x > 2 && y > least && !one.contains(other) && !other.contains(one)) found.push(`${what}: "${words(one)}" on "${words(other)}"`);
      }),
    );
  };
  for (const plot of document.querySelectorAll(".js-plotly-plot")) {
    // A drawing is hidden from readers of the screen, who have its words in order: `seen` would leave all of it out.
    const texts = [...plot.querySelectorAll("text")].filter((one) => one.textContent.trim() && drawn(one) && one.getBoundingClientRect().width);
    const title = plot.closest("figure").dataset.chart;
    if (plot.clientWidth && Math.abs(plot._fullLayout.width - plot.clientWidth) > 1) found.push(`the chart ${title} has another width`);
    collide(boxes(texts), `in the chart ${title}`, 8); // a text's box is twice as tall as its letters
    const { h: high } = plot._fullLayout._size;
    if (plot.clientHeight && high < 80) found.push(`the chart ${title} is ${Math.round(high)} px high`);
    const paper = plot._fullLayout.paper_bgcolor;
    for (const one of texts) {
      const ratio = contrast(getComputedStyle(one).fill, paper);
      if (ratio < 4.5) found.push(`in the chart ${title}: "${words(one)}" has a contrast of ${ratio.toFixed(1)}`);
    }
    const frame = plot.getBoundingClientRect();
    for (const [one, box] of boxes(texts))
      if (box.left < frame.left - 2 || box.right > frame.right + 2 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
        found.push(`in the chart ${title}: "${words(one)}" is cut`);
  }
  const own = (one) => [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const texts = all.filter((one) => !(one instanceof SVGElement) && own(one) && seen(one) && !within(one, `${MAY_SCROLL}, .katex, .js-plotly-plot, header, .st-key-tools, .st-key-train, .st-key-train-asked`));
  collide(boxes(texts.filter((one) => getComputedStyle(one).display !== "inline" || one.parentElement?.tagName !== "P")), "texts", 3);

  // Too small to hit.
  const targets = all.filter((one) => one.matches("button, select, summary, [role=button], [role=tab], [role=radio], [role=checkbox], input:not([type=hidden])"));
  for (const one of targets) {
    if (!seen(one) || one.closest("table, [data-testid=stSlider]")) continue; // a slider's input is not what is dragged
    const label = one.closest("label");
    const { width, height } = (label ?? one).getBoundingClientRect();
    if (width && height && (width < 23.5 || height < 23.5)) found.push(`small: ${Math.round(width)} x ${Math.round(height)}: ${one.tagName} "${one.getAttribute("aria-label") ?? words(one)}"`);
  }
  return [...new Set(found)];
})()
