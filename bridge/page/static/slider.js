// A knob and a bar: two looks of one slider.

import { draw, make } from "./make.js";
import { Hand } from "./hand.js";

const SWEEP = 270, RADIUS = 40;
const LENGTH = (Math.PI * 2 * RADIUS * SWEEP) / 360;
const ARC = describeArc();

/** What both are: a target of the session, with its name, position and what turns it. */
class Slider {
  #shown = -1;
  #text = "";

  constructor(target, session, element, along) {
    Object.assign(this, { target, session, element });
    element.dataset.address = target.address;
    this.hand = new Hand(element, {
      along,
      initial: target.default,
      position: session.positions[target.number],
      move: (position) => this.#move(position),
      taken: () => session.takenForLearning(target),
    });
  }

  /** Show where it stands, unless a hand is on it. */
  refresh() {
    if (!this.hand.isHeld) this.hand.position = this.session.positions[this.target.number];
    if (Math.abs(this.hand.position - this.#shown) < 0.0005) return;
    this.#shown = this.hand.position;
    this.element.setAttribute("aria-valuenow", (this.#shown * 100).toFixed(1));
    this.place(this.#shown);
    const { number, unit, full } = this.target;
    if (unit) this.text(`${Math.round(this.#shown * full)} ${unit}`);
    else if (!this.session.names[number]) this.text(`${Math.round(this.#shown * 100)} %`);
  }

  /** Say what its position comes to. */
  text(text) {
    if (text === this.#text) return;
    this.#text = text;
    this.value.textContent = text;
    this.element.setAttribute("aria-valuetext", text);
  }

  /** Show which of a controller's knobs turn it, whether it waits for one, and how far one is from it. */
  learned(labels, isWaiting, isLocked, apart) {
    const way = apart && `${apart > 0 ? "↑" : "↓"} ${Math.round(Math.abs(apart) * 100)} % to pick up`;
    this.badge.textContent = isWaiting ? "turn a knob" : way || labels.join(", ");
    this.element.classList.toggle("waits", isWaiting);
    this.element.classList.toggle("apart", Boolean(apart));
    this.element.classList.toggle("locked", isLocked);
  }

  #move(position) {
    this.session.link.act(this.target.number, position);
    this.refresh();
  }
}

function slider(target, className, ...children) {
  return make("div", {
    class: className, role: "slider", tabindex: 0, "aria-label": target.label,
    "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0,
  }, ...children);
}

/** A round knob with the names of its two ends. */
export class Knob extends Slider {
  constructor(target, session, low, high) {
    const arc = draw("path", { class: "arc", d: ARC, "stroke-dasharray": `0 ${LENGTH}` });
    const hand = draw("line", { class: "hand", x1: 50, y1: 50, x2: 50, y2: 20 });
    const value = make("span", { class: "value" }), badge = make("span", { class: "badge" });
    const face = draw("svg", { viewBox: "0 0 100 92", "aria-hidden": true },
      draw("path", { class: "track", d: ARC }), arc, draw("circle", { class: "cap", cx: 50, cy: 50, r: 27 }), hand);
    super(target, session, slider(target, "knob", face, make("b", {}, high || target.label),
      make("span", { class: "ends" }, low ? `from ${low}` : ""), value, badge), "y");
    Object.assign(this, { arc, dial: hand, value, badge });
  }

  place(position) {
    this.arc.setAttribute("stroke-dasharray", `${position * LENGTH} ${LENGTH}`);
    this.dial.setAttribute("transform", `rotate(${(position - 0.5) * SWEEP} 50 50)`);
  }
}

/** A long bar with a mark where the preset has it. */
export class Bar extends Slider {
  constructor(target, session) {
    const fill = make("i", { class: "fill" }), mark = make("i", { class: "mark", hidden: true });
    const value = make("span", { class: "value" }), badge = make("span", { class: "badge" });
    super(target, session, slider(target, "row",
      make("span", { class: "name" }, target.label),
      make("span", { class: "track" }, fill, mark), value, badge), "x");
    Object.assign(this, { fill, markElement: mark, value, badge });
  }

  place(position) {
    this.fill.style.transform = `scaleX(${position})`;
  }

  /** Put the mark where the preset has it; nowhere where nobody knows. */
  mark(position) {
    this.markElement.hidden = position === undefined;
    if (position !== undefined) this.markElement.style.left = `${position * 100}%`;
  }
}

function describeArc() {
  const point = (degrees) => {
    const radians = ((degrees - 90) * Math.PI) / 180;
    return `${(50 + RADIUS * Math.cos(radians)).toFixed(2)} ${(50 + RADIUS * Math.sin(radians)).toFixed(2)}`;
  };
  return `M ${point(-SWEEP / 2)} A ${RADIUS} ${RADIUS} 0 1 1 ${point(SWEEP / 2)}`;
}
