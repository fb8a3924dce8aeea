// Snapshots to store and to go to, and the steps between.

import { make, panel } from "./make.js";

const IN_A_ROW = 8, LONG_MS = 550;
const STEPS = [
  ["/tsumami/undo", "Undo"], ["/tsumami/redo", "Redo"], ["/tsumami/compare", "A / B"],
  ["/tsumami/randomise", "Chance"],
];

export function snapshotsPanel(session) {
  let isStoring = false, told = {};
  const slots = [];
  const faces = make("div", { class: "slots" });
  const store = make("button", { "aria-pressed": false, onclick: () => arm(!isStoring) }, "Store");
  const more = make("button", { onclick: () => grow(slots.length + IN_A_ROW) }, "More");
  const steps = STEPS.filter(([address]) => session.has(address)).map(([address, name]) =>
    make("button", { onclick: () => session.do(address) }, name));
  grow(IN_A_ROW);

  function arm(on) {
    isStoring = on;
    store.setAttribute("aria-pressed", on);
    slots.forEach((each) => each.classList.toggle("armed", on));
  }

  /** Show whole rows up to a number, as far as there are slots. */
  function grow(least) {
    const count = Math.min(Math.ceil(least / IN_A_ROW) * IN_A_ROW, session.slots);
    for (let number = slots.length + 1; number <= count; number++) {
      slots.push(slot(number));
      faces.append(slots.at(-1));
      tell(number);
    }
    more.hidden = slots.length >= session.slots;
  }

  function slot(number) {
    let timer = 0, isLong = false;
    return make("button", {
      class: isStoring ? "slot armed" : "slot", "data-slot": number,
      onpointerdown: () => {
        isLong = false;
        timer = setTimeout(() => {
          isLong = true;
          session.do("/tsumami/snapshot/store", number);
        }, LONG_MS);
      },
      onpointerup: () => clearTimeout(timer),
      onpointerleave: () => clearTimeout(timer),
      oncontextmenu: (event) => event.preventDefault(),
      onclick: () => {
        if (isLong) return;
        const isEmpty = told[number] === undefined;
        session.do(`/tsumami/snapshot/${isStoring || isEmpty ? "store" : "recall"}`, number);
        arm(false);
      },
    }, make("b", {}, number), make("small", {}, "empty"));
  }

  function tell(number) {
    const element = slots[number - 1], name = told[number];
    element.classList.toggle("full", name !== undefined);
    element.lastChild.textContent = name === undefined ? "empty" : name || "stored";
    element.setAttribute("aria-label", `Snapshot ${number}, ${name ?? "empty: tap to store"}`);
  }

  return {
    element: panel("snapshots", "Snapshots", faces, make("div", { class: "steps" }, store, ...steps, more)),
    state: ({ slots: now }) => {
      if (JSON.stringify(now) === JSON.stringify(told)) return;
      told = now;
      grow(Math.max(IN_A_ROW, ...Object.keys(told).map(Number)));
      slots.forEach((_, index) => tell(index + 1));
    },
  };
}
