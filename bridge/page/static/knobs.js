// The macros as knobs; the instrument's parameters, and all else that moves, as bars.

import { make, panel } from "./make.js";
import { Bar, Knob } from "./slider.js";

const MOVING_MS = 2500;
const MARK_WAIT_MS = 700; // a plugin has taken its preset by then
const MOST_BARS = 256;
const BEATS = [["/tsumami/tap", "Tap"], ["/tsumami/start", "Start"], ["/tsumami/stop", "Stop"]];

/** The macros. */
export function knobsPanel(session) {
  const targets = session.of("macro");
  const labels = new Map(session.facts.macros.map((macro) => [macro.name, macro]));
  const knobs = targets.map((target) => {
    const { low, high } = labels.get(target.name) ?? {};
    return new Knob(target, session, low, high);
  });
  if (!knobs.length) return null;
  const faces = make("div", { class: "knobs" }, ...knobs.map((knob) => knob.holder));
  return { element: panel("knobs", "Macros", faces), ...following(session, knobs) };
}

/** The instrument's parameters: those that move stand out, and each has a mark where the preset has it. */
export function parametersPanel(session) {
  const targets = session.of("parameter");
  const bars = targets.slice(0, MOST_BARS).map((target) => new Bar(target, session));
  if (!bars.length) return null;
  const numbers = new Map(bars.map((bar) => [bar.target.number, bar]));
  const moving = new Map();
  const filter = make("input", {
    type: "search", placeholder: `${targets.length} parameters`, "aria-label": "Search parameters", class: "filter",
    oninput: () => bars.forEach((bar) => { bar.holder.hidden = !bar.target.label.includes(filter.value.toLowerCase()); }),
  });
  const rows = make("div", { class: "rows" }, ...bars.map((bar) => bar.holder));
  const element = panel("parameters", "Parameters", filter, rows);
  let marked = null;

  function mark(sound) {
    marked = sound;
    const values = session.sound?.values ?? [];
    const at = ({ index, number }) => values.length ? values[index] : session.positions[number];
    const know = () => bars.forEach((bar) => bar.mark(at(bar.target)));
    bars.forEach((bar) => bar.mark(undefined));
    if (values.length) know();
    else setTimeout(() => marked === sound && know(), MARK_WAIT_MS);
  }

  const { moved, names, state } = following(session, bars);
  return {
    element,
    names,
    state(told) {
      state(told);
      if (told.sound !== marked) mark(told.sound);
    },
    moved(changed) {
      moved(changed);
      const now = performance.now();
      if (changed.length < session.targets.length) // all are told once, to begin with
        for (const number of changed) if (numbers.has(number)) moving.set(number, now);
      for (const [number, since] of moving) {
        const isMoving = now - since < MOVING_MS;
        numbers.get(number).element.classList.toggle("moving", isMoving);
        if (!isMoving) moving.delete(number);
      }
    },
  };
}

/** The latent's dimensions, which few want to see: behind its name. */
export function latentPanel(session) {
  const bars = session.of("latent").map((target) => new Bar(target, session));
  if (!bars.length) return null;
  const rows = make("div", { class: "rows" }, ...bars.map((bar) => bar.holder));
  return {
    element: make("section", { id: "latent", class: "panel", "aria-label": "Latent" },
      make("details", {}, make("summary", {}, "Latent"), rows)),
    ...following(session, bars),
  };
}

/** The output, the effects, and whatever else the session has to move. */
export function othersPanel(session) {
  const own = new Set(["macro", "parameter", "loop", "repair", "groove", "latent", "action"]);
  const targets = session.targets.filter(({ kind }) => !own.has(kind));
  const bars = targets.slice(0, MOST_BARS).map((target) => new Bar(target, session));
  if (!bars.length) return null;
  const rows = make("div", { class: "rows" }, ...bars.map((bar) => bar.holder));
  const beats = BEATS.filter(([address]) => session.has(address)).map(([address, name]) =>
    make("button", { onclick: () => session.do(address) }, name));
  if (beats.length) rows.append(make("div", { class: "steps" }, ...beats));
  return { element: panel("others", "Output and effects", rows), ...following(session, bars) };
}

/** What sliders do when news come. */
export function following(session, sliders) {
  const numbers = new Map(sliders.map((slider) => [slider.target.number, slider]));
  return {
    moved: (changed) => changed.forEach((number) => numbers.get(number)?.refresh()),
    picture: () => sliders.forEach((slider) => slider.refresh()),
    names: (names) => Object.entries(names).forEach(([number, text]) => numbers.get(Number(number))?.text(text)),
    state: ({ knobs, learning, locked, apart }) => sliders.forEach((slider) => {
      const { number } = slider.target;
      slider.learned(knobs[number] ?? [], learning === number, locked.includes(number), apart[number]);
    }),
  };
}
