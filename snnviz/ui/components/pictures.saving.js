// A group of pictures as one file, PNG or SVG: each with its label below it, side by side.

const SAVED_SIDE = 96; // of a picture in a file
const SAVED_GAP = 12;
const SAVED_LINE = 18; // of a label

const textOf = (words) => words.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** Where each picture of a group goes, and the size of all of them. */
function placesOf(items) {
  const across = Math.max(1, Math.min(8, items.length));
  const pitch = SAVED_SIDE + SAVED_GAP;
  const places = items.map((item, k) => {
    const { width, height } = item.picture;
    const scale = SAVED_SIDE / Math.max(width, height);
    const x = SAVED_GAP + (k % across) * pitch;
    const y = SAVED_GAP + SAVED_LINE + Math.floor(k / across) * (pitch + SAVED_LINE);
    return { item, x, y, width: width * scale, height: height * scale };
  });
  const rows = Math.ceil(items.length / across);
  return { places, width: SAVED_GAP + across * pitch, height: SAVED_GAP + SAVED_LINE + rows * (pitch + SAVED_LINE) };
}

function drawnOf(item, colours) {
  const canvas = document.createElement("canvas");
  paint(canvas, item.picture, colours);
  return canvas;
}

function svgOf(group, items, colours) {
  const { places, width, height } = placesOf(items);
  const parts = places.map(({ item, x, y, width: wide, height: tall }) => {
    const source = drawnOf(item, colours).toDataURL("image/png");
    const image = `<image x="${x}" y="${y}" width="${wide}" height="${tall}" href="${source}" style="image-rendering:pixelated"/>`;
    return `${image}<text x="${x}" y="${y + SAVED_SIDE + 13}">${textOf(item.label)}</text>`;
  });
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`;
  return `${open}<rect width="100%" height="100%" fill="white"/><text x="${SAVED_GAP}" y="18">${textOf(group.title)}</text>${parts.join("")}</svg>`;
}

function pngOf(group, items, colours) {
  const { places, width, height } = placesOf(items);
  const twice = 2; // for screens and paper of fine pixels
  const whole = Object.assign(document.createElement("canvas"), { width: twice * width, height: twice * height });
  const context = whole.getContext("2d");
  context.scale(twice, twice);
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.fillStyle = "black";
  context.font = "11px sans-serif";
  context.imageSmoothingEnabled = false;
  context.fillText(group.title, SAVED_GAP, 18);
  for (const { item, x, y, width: wide, height: tall } of places) {
    context.drawImage(drawnOf(item, colours), x, y, wide, tall);
    context.fillText(item.label, x, y + SAVED_SIDE + 13);
  }
  return new Promise((resolve) => whole.toBlob(resolve, "image/png"));
}

async function saveGroup(group, colours, kind) {
  const items = group.items.filter(({ picture }) => picture);
  const blob = kind === "svg" ? new Blob([svgOf(group, items, colours)], { type: "image/svg+xml" }) : await pngOf(group, items, colours);
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: address, download: `${group.file}.${kind}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Two small buttons beside a group's title. */
function savingOf(group, colours) {
  const row = text("div", "saving", "");
  for (const kind of ["png", "svg"]) {
    const button = text("button", "", kind.toUpperCase());
    const words = `Save ${group.title} as ${kind.toUpperCase()}`;
    Object.assign(button, { type: "button", title: words, onclick: () => saveGroup(group, colours, kind) });
    button.setAttribute("aria-label", words);
    row.append(button);
  }
  return row;
}
