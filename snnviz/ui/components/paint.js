// Small pictures on canvases: images of intensities, and frames of events in the colours of their polarities.

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function rgbOf(element, name, otherwise) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name}, ${otherwise})`;
  element.append(probe);
  const [red, green, blue, alpha = 1] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return Object.assign([red, green, blue], { alpha });
}

/** The theme's colours of a picture: what nothing happened on, events that brighten (ON) and that darken (OFF). */
function coloursOf(element) {
  return {
    ground: rgbOf(element, "--st-secondary-background-color", "#f0f2f6"),
    on: rgbOf(element, "--st-blue-color", "#1c83e1"),
    off: rgbOf(element, "--st-orange-color", "#ffa421"),
    line: rgbOf(element, "--st-border-color", "#999999"),
    text: rgbOf(element, "--st-text-color", "#333333"),
    mark: rgbOf(element, "--st-primary-color", "#0f7b6c"),
  };
}

/**
 * Draws `picture`, one pixel of the canvas for each of its own. Kinds: "grey" (one channel) and "rgb" (three, one after
 * the other), intensities up to `full`; "events": a channel for each polarity, OFF first, counts up to `full`.
 */
function paint(canvas, picture, colours) {
  const { kind, width, height, full } = picture;
  const data = picture.bytes ?? (picture.bytes = bytesOf(picture.data));
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const area = width * height;
  for (let place = 0; place < area; place++) {
    let mixed;
    if (kind === "events") {
      const last = data.length / area - 1;
      const on = data[last * area + place] / full;
      const off = last ? data[place] / full : 0;
      mixed = blend(colours, on, off);
    } else {
      mixed = [0, 1, 2].map((channel) => (255 * data[(kind === "rgb" ? channel * area : 0) + place]) / full);
    }
    for (let channel = 0; channel < 3; channel++) image.data[4 * place + channel] = mixed[channel];
    image.data[4 * place + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** The colour of a pixel with so much of each polarity, from 0 to 1; a single event can be seen. */
function blend({ ground, on: bright, off: dark }, on, off) {
  const sum = on + off;
  if (!sum) return ground;
  const weight = Math.min(1, 0.35 + 0.65 * sum);
  return ground.map((level, k) => level * (1 - weight) + ((bright[k] * on + dark[k] * off) / sum) * weight);
}
