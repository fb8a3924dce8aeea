// A knob and a bar: two looks of one slider.

import { draw, fillTo, make } from "./make.js";
import { Hand } from "./hand.js";

const SWEEP = 270, RADIUS = 40, HAND = 30;
const LENGTH = (Math.PI * 2 * RADIUS * SWEEP) / 360;
const ARC = describeArc();
const LOCK = "M7 11V8a5 5 0 0 1 10 0v3h1v9H6v-9zm2 0h6V8a3 3 0 0 0-6 0z";
const LOCKABLE = new Set(["parameter", "effect", "bypass"]); // what snapshots and chance move

/**
 * What both are: a target of the session, with its name, position and what turns it. `holder` is the element
 * to show: the slider, and the lock beside it where it can be locked.
 */
class Slider {
  #shown = -1;
  #text = "";
  #isLocked = false;

  constructor(target, session, element, along) {
    Object.assign(this, { target, session, element, holder: element });
    element.dataset.address = target.address;
    if (LOCKABLE.has(target.kind)) this.#addLock();
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
    if (!this.session.names[this.target.number]) this.text(this.describe(this.#shown));
  }

  /** What a position comes to, where the session does not tell. */
  describe(position) {
    const { unit, full } = this.target;
    return unit ? `${Math.round(position * full)} ${unit}` : `${Math.round(position * 100)} %`;
  }

  /** Say what its position comes to. */
  text(text) {
    if (text === this.#text) return;
    this.#text = text;
    this.value.textContent = text;
    this.element.setAttribute("aria-valuetext", text);
  }

  /**
   * Show which of a controller's knobs turn it, whether it waits for one, whether it is locked, and how far
   * one is from it: `apart` is the way that it has to turn, and where it stands.
   */
  learned(labels, isWaiting, isLocked, apart) {
    const [way, stands] = apart ?? [0];
    const words = way && `${way > 0 ? "↑" : "↓"} ${Math.round(Math.abs(way) * 100)} % to pick up`;
    const badge = isWaiting ? "turn a knob" : words || labels.join(", ");
    if (badge !== this.badge.textContent) this.badge.textContent = badge;
    this.element.classList.toggle("waits", isWaiting);
    this.element.classList.toggle("apart", Boolean(apart));
    if (apart) this.ghost(stands, this.hand.position);
    if (isLocked === this.#isLocked) return;
    this.#isLocked = isLocked;
    this.holder.classList.toggle("locked", isLocked);
    this.lock?.setAttribute("aria-pressed", isLocked);
  }

  #addLock() {
    const turn = () => this.session.do("/tsumami/lock", this.target.number, this.#isLocked ? 0 : 1);
    this.lock = make("button", {
      class: "lock", "aria-pressed": false, "aria-label": `Lock ${this.target.label}`,
      title: "Locked, snapshots and chance leave it alone (L)", onclick: turn,
    }, draw("svg", { viewBox: "0 0 24 24", "aria-hidden": true }, draw("path", { d: LOCK })));
    this.holder = make("div", { class: "line" }, this.element, this.lock);
    this.element.addEventListener("keydown", (event) => event.key.toLowerCase() === "l" && turn());
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
    const way = draw("path", { class: "way", d: ARC }), stands = draw("path", { class: "stands" });
    const face = draw("svg", { viewBox: "0 0 100 92", "aria-hidden": true },
      draw("path", { class: "track", d: ARC }), arc, way, stands, draw("circle", { class: "cap", cx: 50, cy: 50, r: 27 }), hand);
    super(target, session, slider(target, "knob", face, make("b", {}, high || target.label),
      make("span", { class: "ends" }, low ? `from ${low}` : ""), value, badge), "y");
    Object.assign(this, { arc, way, stands, dial: hand, value, badge });
  }

  /** Show where the controller's knob stands, and the way that it has to go. */
  ghost(at, to) {
    const begin = Math.min(at, to) * LENGTH, sign = Math.sign(to - at) || 1;
    this.way.setAttribute("stroke-dasharray", `0 ${begin} ${Math.abs(to - at) * LENGTH} ${LENGTH}`);
    this.stands.setAttribute("d", `M ${50 - 5 * sign} 2 L ${50 + 9 * sign} 10 L ${50 - 5 * sign} 18 Z`);
    this.stands.setAttribute("transform", `rotate(${(at - 0.5) * SWEEP} 50 50)`);
  }

  place(position) {
    this.arc.setAttribute("stroke-dasharray", `${position * LENGTH} ${LENGTH}`);
    const radians = ((position - 0.5) * SWEEP * Math.PI) / 180;
    this.dial.setAttribute("x2", (50 + HAND * Math.sin(radians)).toFixed(1));
    this.dial.setAttribute("y2", (50 - HAND * Math.cos(radians)).toFixed(1));
  }
}

/** A long bar with a mark where the preset has it. */
export class Bar extends Slider {
  constructor(target, session, name = target.label) {
    const fill = make("i", { class: "fill" }), mark = make("i", { class: "mark", hidden: true });
    const way = make("i", { class: "way" }), stands = make("i", { class: "stands" });
    const value = make("span", { class: "value" }), badge = make("span", { class: "badge" });
    super(target, session, slider(target, "row",
      make("span", { class: "name" }, name),
      make("span", { class: "track" }, fill, mark, way, stands), value, badge), "x");
    Object.assign(this, { fill, markElement: mark, way, stands, value, badge });
  }

  /** Show where the controller's knob stands, and the way that it has to go. */
  ghost(at, to) {
    this.way.style.left = `${Math.min(at, to) * 100}%`;
    this.way.style.width = `${Math.abs(to - at) * 100}%`;
    this.stands.style.left = `${at * 100}%`;
    this.stands.textContent = to > at ? "▶" : "◀";
  }

  place(position) {
    fillTo(this.fill, position);
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
