// The morph pad: across, the way between two snapshots; up, any knob.

import { make, panel } from "./make.js";
import { Hand } from "./hand.js";

const STRAIGHT = "/tsumami/morph/straight";

const clip = (value) => Math.min(Math.max(value, 0), 1);

export function morphPanel(session) {
  let share = 0;
  const from = make("select", { "aria-label": "From snapshot" }), to = make("select", { "aria-label": "To snapshot" });
  const upwards = make("select", { "aria-label": "What up and down moves" },
    make("option", { value: "" }, "nothing"),
    ...session.of("macro", "gain").map(({ number, name }) => make("option", { value: number }, name)));
  const straight = make("button", {
    "aria-pressed": false, title: "Straight between the parameters, not through the latent", hidden: !session.has(STRAIGHT),
    onclick: ({ target }) => {
      target.setAttribute("aria-pressed", target.getAttribute("aria-pressed") !== "true");
      go(share);
    },
  }, "straight");
  const dot = make("i", { class: "dot" });
  const pad = make("div", {
    class: "pad", role: "slider", tabindex: 0, "aria-label": "Morph", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0,
  }, dot, make("span", { class: "from" }), make("span", { class: "to" }));
  const note = make("p", { class: "none" }, "Store two snapshots to go between them.");
  const element = panel("morph", "Morph", pad, note,
    make("div", { class: "ways" }, make("label", {}, "from ", from), make("label", {}, "to ", to), make("label", {}, "up ", upwards), straight));

  // Keys and the wheel go along the way; fingers are where they are.
  const hand = new Hand(pad, { along: "x", initial: 0, position: 0, move: go, taken: () => true });
  hand.taken = () => false;
  for (const kind of ["pointerdown", "pointermove"]) pad.addEventListener(kind, touch, { capture: true });

  function touch(event) {
    if (event.type === "pointermove" && !pad.hasPointerCapture(event.pointerId)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (event.type === "pointerdown") pad.setPointerCapture(event.pointerId);
    pad.focus({ preventScroll: true });
    const { left, top, width, height } = pad.getBoundingClientRect();
    hand.go((event.clientX - left) / width);
    place(clip((event.clientX - left) / width), clip((event.clientY - top) / height));
    if (upwards.value !== "") session.link.act(Number(upwards.value), 1 - clip((event.clientY - top) / height));
  }

  function go(position) {
    share = position;
    pad.setAttribute("aria-valuenow", Math.round(share * 100));
    dot.style.left = `${share * 100}%`;
    const way = straight.getAttribute("aria-pressed") === "true" ? STRAIGHT : "/tsumami/morph";
    if (from.value && to.value) session.do(way, Number(from.value), Number(to.value), share);
  }

  function place(x, y) {
    dot.style.left = `${x * 100}%`;
    dot.style.top = `${y * 100}%`;
  }

  let known = "";
  return {
    element,
    state({ slots }) {
      const key = JSON.stringify(slots);
      if (key === known) return;
      known = key;
      const numbers = Object.keys(slots);
      for (const [select, fallback] of [[from, numbers[0]], [to, numbers[1] ?? numbers[0]]]) {
        const before = select.value;
        select.replaceChildren(...numbers.map((number) => make("option", { value: number }, `${number} ${slots[number]}`)));
        select.value = numbers.includes(before) && before !== "" && numbers.length > 2 ? before : fallback ?? "";
      }
      const isReady = numbers.length > 1;
      note.hidden = isReady;
      pad.toggleAttribute("inert", !isReady);
    },
  };
}
