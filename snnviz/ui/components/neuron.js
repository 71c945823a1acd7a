// A neuron that moves: see neuron.py; what it does in a step is in neuron.step.js. Nothing is asked of the server.

const neurons = new WeakMap(); // by element
const SHOWN = 72; // time steps across the picture
const PACE = 9; // time steps a second
const SPEAK = 700; // ms of rest after which the sentence changes, as it is read aloud
const calm = matchMedia("(prefers-reduced-motion: reduce)");

class MovingNeuron {
  constructor(element, start) {
    this.root = element.querySelector(".neuron");
    this.one = (selector) => this.root.querySelector(selector);
    this.setting = { ...start };
    this.playing = !calm.matches;
    this.visible = true;
    this.listen();
    this.begin();
    this.words();
    this.show();
  }

  /** A full picture at once: the time steps before now have passed. */
  begin() {
    Object.assign(this, { step: 0, phase: 0, u: 0, history: [] });
    for (let k = 0; k < SHOWN; k++) this.advance();
  }

  advance() {
    const current = PATTERNS[this.setting.pattern](this.setting.current, this.step++);
    this.u = lifStep(this.u, current, this.setting);
    this.history.push({ current, u: this.u, spiked: this.u > this.setting.threshold });
    if (this.history.length > SHOWN + 3) this.history.shift();
  }

  // -- hands --------------------------------------------------------------------------------------------------------

  listen() {
    for (const rail of this.root.querySelectorAll(".rail input")) {
      rail.value = this.setting[rail.name];
      rail.addEventListener("input", () => this.put(rail.name, Number(rail.value)));
    }
    for (const name of ["pattern", "reset"]) {
      for (const option of this.root.querySelectorAll(`.${name} input`)) {
        option.name = name; // a shadow root is a scope of its own
        option.checked = option.value === this.setting[name];
        option.addEventListener("change", () => this.put(name, option.value));
      }
    }
    this.one(".play").onclick = () => this.play(!this.playing);
    this.one(".step").onclick = () => {
      this.play(false);
      this.advance();
      this.draw();
    };
    this.one(".again").onclick = () => {
      Object.assign(this, { step: 0, phase: 0, u: 0, history: [] });
      this.draw();
    };
    this.draggable(this.one(".traces"));
    this.sizes = new ResizeObserver(() => this.draw());
    this.seen = new IntersectionObserver(([entry]) => {
      this.visible = entry.isIntersecting;
      this.run();
    });
    for (const canvas of this.root.querySelectorAll("canvas")) this.sizes.observe(canvas);
    this.seen.observe(this.root);
    this.stilled = () => this.play(!calm.matches);
    calm.addEventListener("change", this.stilled);
  }

  /** The threshold and the current are taken hold of in the picture, too. */
  draggable(canvas) {
    let held = null;
    const near = (event) => {
      const y = event.clientY - canvas.getBoundingClientRect().top;
      const reach = event.pointerType === "touch" ? 22 : 9;
      return ["threshold", "current"].find((name) => Math.abs(y - this.place(name)) < reach) ?? null;
    };
    canvas.addEventListener("pointerdown", (event) => {
      held = near(event);
      if (held) canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) {
        canvas.classList.toggle("grab", near(event) !== null);
        return;
      }
      const rail = this.one(`[name=${held}]`);
      rail.value = this.valueAt(held, event.clientY - canvas.getBoundingClientRect().top); // in its range and steps
      this.put(held, Number(rail.value));
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = null));
    // On a touch screen a finger on the line moves the line, and elsewhere it scrolls the page.
    canvas.addEventListener("touchstart", (event) => held && event.preventDefault(), { passive: false });
    canvas.addEventListener("touchmove", (event) => held && event.preventDefault(), { passive: false });
  }

  put(name, value) {
    this.setting[name] = value;
    if (name === "pattern") this.step = 0;
    if (!this.playing) this.begin(); // a still picture shows what comes of it
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => this.words(), SPEAK);
    this.show();
  }

  words() {
    const said = sentence(this.setting);
    if (this.one(".sentence").textContent !== said) this.one(".sentence").textContent = said;
  }

  show() {
    for (const rail of this.root.querySelectorAll(".rail")) {
      rail.querySelector(".value").textContent = this.setting[rail.querySelector("input").name].toFixed(2);
    }
    this.one(".play").textContent = this.playing ? "Pause" : "Play";
    this.draw();
    this.run();
  }

  play(on) {
    this.playing = on;
    this.phase = 0;
    this.show();
  }

  run() {
    if (this.frame || !this.playing || !this.visible) return;
    let before = null;
    const next = (time) => {
      this.frame = 0;
      if (!this.playing || !this.visible || !this.root.isConnected) return;
      this.phase += (Math.min(time - (before ?? time), 100) / 1000) * PACE; // a hidden tab does not catch up
      before = time;
      for (; this.phase >= 1; this.phase--) this.advance();
      this.draw();
      this.frame = requestAnimationFrame(next);
    };
    this.frame = requestAnimationFrame(next);
  }

  end() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.speaking);
    this.sizes.disconnect();
    this.seen.disconnect();
    calm.removeEventListener("change", this.stilled);
  }

  draw() {
    this.colours = coloursOfNeuron(this.root);
    this.lanes = drawTraces(surface(this.one(".traces")), this);
    drawCell(surface(this.one(".cell")), this);
  }

  /** Where the line of the threshold, or of the current, is in the picture. */
  place(name) {
    return name === "threshold" ? this.lanes.potential(this.setting.threshold) : this.lanes.inflow(this.setting.current);
  }

  valueAt(name, y) {
    return name === "threshold" ? this.lanes.potential.inverse(y) : this.lanes.inflow.inverse(y);
  }
}

export default function neuron({ data, parentElement }) {
  if (!data) return;
  if (!neurons.has(parentElement)) neurons.set(parentElement, new MovingNeuron(parentElement, data.start));
  else neurons.get(parentElement).draw(); // another theme
  return onLeave(parentElement, () => {
    neurons.get(parentElement)?.end();
    neurons.delete(parentElement);
  });
}
