// Snapshots to store and to go to, and the steps between.

import { make, panel } from "./make.js";

const SLOTS = 8, LONG_MS = 550;
const STEPS = [
  ["/tsumami/undo", "Undo"], ["/tsumami/redo", "Redo"], ["/tsumami/compare", "A / B"],
  ["/tsumami/randomise", "Chance"],
];

export function snapshotsPanel(session) {
  let isStoring = false;
  const store = make("button", { "aria-pressed": false, onclick: () => arm(!isStoring) }, "Store");
  const slots = Array.from({ length: SLOTS }, (_, index) => slot(index + 1));
  const steps = STEPS.filter(([address]) => session.has(address)).map(([address, name]) =>
    make("button", { onclick: () => session.do(address) }, name));

  function arm(on) {
    isStoring = on;
    store.setAttribute("aria-pressed", on);
    slots.forEach((each) => each.classList.toggle("armed", on));
  }

  function slot(number) {
    let timer = 0, isLong = false;
    return make("button", {
      class: "slot", "data-slot": number,
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
        const isEmpty = session.state.slots[number] === undefined;
        session.do(`/tsumami/snapshot/${isStoring || isEmpty ? "store" : "recall"}`, number);
        arm(false);
      },
    }, make("b", {}, number), make("small", {}, "empty"));
  }

  return {
    element: panel("snapshots", "Snapshots", make("div", { class: "slots" }, ...slots),
      make("div", { class: "steps" }, store, ...steps)),
    state: ({ slots: told }) => slots.forEach((element, index) => {
      const name = told[index + 1];
      element.classList.toggle("full", name !== undefined);
      element.lastChild.textContent = name === undefined ? "empty" : name || "stored";
      element.setAttribute("aria-label", `Snapshot ${index + 1}, ${name ?? "empty: tap to store"}`);
    }),
  };
}
