// Events as they come: a picture of the last of them, all of them in x, y and t, and the frames that a network sees,
// at one playhead. See player.py.

const players = new WeakMap(); // by element
const TRAIL = 0.06; // of a recording, shown at once

class Player {
  constructor(element) {
    this.root = element.querySelector(".player");
    this.one = (selector) => this.root.querySelector(selector);
    Object.assign(this, { now: 0, playing: false, yaw: -0.55, pitch: 0.35, told: null });
    this.one(".play").onclick = () => this.play(!this.playing);
    this.one(".time").oninput = ({ target }) => this.seek((target.value / 1000) * this.data.duration);
    this.sizes = new ResizeObserver(() => this.cloud());
  }

  receive(told) {
    const look = getComputedStyle(this.root).color;
    if (this.told === told + look) return;
    const before = this.data?.duration;
    this.told = told + look;
    this.data = JSON.parse(told);
    this.colours = coloursOf(this.root);
    for (const stream of this.data.streams) this.unpack(stream);
    this.unpack(this.data.cloud);
    if (before !== this.data.duration) this.now = this.data.duration * 0.12;
    this.build();
    this.show();
  }

  unpack(stream) {
    stream.x = new Uint16Array(bytesOf(stream.x).buffer);
    stream.y = new Uint16Array(bytesOf(stream.y).buffer);
    stream.t = new Uint32Array(bytesOf(stream.t).buffer);
    stream.p = bytesOf(stream.p);
  }

  build() {
    const figures = this.data.streams.map((stream) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: stream.width, height: stream.height });
      stream.canvas = canvas;
      stream.empty = new Uint8ClampedArray(4 * stream.width * stream.height);
      for (let place = 0; place < stream.empty.length; place += 4) stream.empty.set([...this.colours.ground, 255], place);
      return this.figure(stream, canvas);
    });
    this.space = Object.assign(document.createElement("canvas"), { className: "cloud", tabIndex: 0 });
    this.turnable(this.space);
    this.sizes.disconnect();
    this.sizes.observe(this.space);
    this.one(".stages").replaceChildren(...figures, this.figure(this.data.cloud, this.space));
    const { frames } = this.data;
    this.one(".strip h2").textContent = frames.title;
    this.one(".strip p").textContent = frames.note;
    this.frames = frames.items.map((item, number) => {
      const button = Object.assign(document.createElement("button"), { type: "button", title: item.alt });
      const canvas = document.createElement("canvas");
      paint(canvas, item.picture, this.colours);
      button.append(canvas, item.label);
      button.onclick = () => this.seek((this.data.bounds[number] + this.data.bounds[number + 1]) / 2);
      return button;
    });
    this.one(".strip ol").replaceChildren(...this.frames.map((button) => {
      const place = document.createElement("li");
      place.append(button);
      return place;
    }));
  }

  figure({ title, note }, canvas) {
    const figure = document.createElement("figure");
    const named = (name, words) => Object.assign(document.createElement(name), { textContent: words });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${title}. ${note}`);
    figure.append(named("h2", title), named("figcaption", note), canvas);
    return figure;
  }

  // -- time ---------------------------------------------------------------------------------------------------------

  play(on) {
    this.playing = on;
    const button = this.one(".play");
    button.textContent = on ? "❚❚" : "▶";
    button.setAttribute("aria-label", on ? "Pause" : "Play");
    if (!on) return;
    if (this.now >= this.data.duration) this.now = 0;
    let before = null; // a frame's time, which may be earlier than now
    const step = (time) => {
      if (!this.playing) return;
      this.now += (time - (before ?? time)) * 1000 * Number(this.one(".speed").value);
      before = time;
      if (this.now >= this.data.duration) {
        this.now = this.data.duration;
        this.play(false);
      }
      this.show();
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  seek(time) {
    this.play(false);
    this.now = Math.max(0, Math.min(this.data.duration, time));
    this.show();
  }

  show() {
    const { duration, bounds, streams } = this.data;
    this.one(".time").value = String(Math.round((1000 * this.now) / Math.max(1, duration)));
    this.one(".clock").textContent = `${(this.now / 1000).toFixed(1)} of ${(duration / 1000).toFixed(1)} ms`;
    for (const stream of streams) this.stream(stream, duration * TRAIL);
    const last = this.frames.length - 1;
    this.frames.forEach((button, number) => {
      const inside = bounds[number] <= this.now && (this.now < bounds[number + 1] || (number === last && this.now === bounds[last + 1]));
      button.classList.toggle("now", inside);
    });
    this.cloud();
  }

  // -- pictures -----------------------------------------------------------------------------------------------------

  /** The events of the last moment, the newest strongest. */
  stream({ canvas, width, height, empty, x, y, t, p }, trail) {
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    const { ground, on, off } = this.colours;
    image.data.set(empty);
    for (let k = after(t, this.now - trail); k < t.length && t[k] <= this.now; k++) {
      const weight = 0.25 + 0.75 * (1 - (this.now - t[k]) / trail);
      const place = 4 * (y[k] * width + x[k]);
      const colour = p[k] ? on : off;
      for (let channel = 0; channel < 3; channel++) {
        image.data[place + channel] = ground[channel] * (1 - weight) + colour[channel] * weight;
      }
    }
    context.putImageData(image, 0, 0);
  }

  /** All events in space and time, turned by yaw and pitch; those that are still to come are faint. */
  cloud() {
    const { space: canvas, colours, yaw, pitch } = this;
    const { x, y, t, p, width, height } = this.data.cloud;
    const ratio = window.devicePixelRatio || 1;
    const wide = canvas.clientWidth * ratio;
    const high = canvas.clientHeight * ratio;
    if (!wide) return;
    if (canvas.width !== Math.round(wide) || canvas.height !== Math.round(high)) Object.assign(canvas, { width: wide, height: high });
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, wide, high);
    const scale = 0.92 * Math.min(wide / 2.35, high / 1.6);
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    const long = 2.2;
    const side = Math.max(width, height);
    const place = (time, across, down) => {
      const a = (time / Math.max(1, this.data.duration) - 0.5) * long;
      const b = (across - width / 2) / side;
      const c = (down - height / 2) / side;
      const depth = a * sy + b * cy;
      return [wide / 2 + scale * (a * cy - b * sy), high / 2 + scale * (c * cp + depth * sp)];
    };
    const css = (colour, alpha = colour.alpha) => `rgba(${colour.join(",")},${alpha})`;
    const line = (points, stroke, fill) => {
      context.beginPath();
      points.forEach(([a, b], k) => (k ? context.lineTo(a, b) : context.moveTo(a, b)));
      context.closePath();
      if (fill) context.fillStyle = fill;
      if (fill) context.fill();
      context.strokeStyle = stroke;
      context.stroke();
    };
    const plane = (time) => [[0, 0], [width, 0], [width, height], [0, height]].map(([a, b]) => place(time, a, b));
    context.lineWidth = ratio;
    const [first, final] = [plane(0), plane(this.data.duration)];
    line(first, css(colours.line));
    line(final, css(colours.line));
    first.forEach((corner, k) => line([corner, final[k]], css(colours.line)));
    const dot = Math.max(1.3, Math.min(3, 90 / Math.sqrt(t.length))) * ratio;
    for (let k = 0; k < t.length; k++) {
      const [a, b] = place(t[k], x[k] + 0.5, y[k] + 0.5);
      context.fillStyle = css(p[k] ? colours.on : colours.off, t[k] <= this.now ? 0.9 : 0.22);
      context.fillRect(a - dot / 2, b - dot / 2, dot, dot);
    }
    line(plane(this.now), css(colours.mark), css(colours.mark, 0.12));
    context.fillStyle = css(colours.text);
    context.font = `${12 * ratio}px sans-serif`;
    const [a, b] = place(this.data.duration / 2, width, height);
    context.fillText("time →", a, Math.min(high - 4 * ratio, b + 16 * ratio));
  }

  turnable(canvas) {
    const turn = (across, down) => {
      this.yaw += across;
      this.pitch = Math.max(-1.4, Math.min(1.4, this.pitch + down));
      this.cloud();
    };
    canvas.onpointerdown = (event) => canvas.setPointerCapture(event.pointerId);
    canvas.onpointermove = (event) => event.buttons && turn(event.movementX * 0.01, event.movementY * 0.01);
    canvas.onkeydown = (event) => {
      const [across, down] = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key] ?? [];
      if (across === undefined) return;
      event.preventDefault();
      turn(across, down);
    };
  }

  leave() {
    this.playing = false;
    this.sizes.disconnect();
  }
}

/** The first place in sorted `times` that is later than `time`. */
function after(times, time) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

export default function player({ data, parentElement }) {
  if (!data) return;
  let one = players.get(parentElement);
  if (!one) {
    one = new Player(parentElement);
    players.set(parentElement, one);
  }
  one.receive(new TextDecoder().decode(data));
  return onLeave(parentElement, () => {
    one.leave();
    players.delete(parentElement);
  });
}
