// What moves a part of the session: bars for what has a way, switches, and buttons.

import { make } from "./make.js";
import { following } from "./knobs.js";
import { Bar } from "./slider.js";

/**
 * The targets of a kind, but for those that are `absent`. `switches` are names, `buttons` names with what is on
 * them, `describe` says by name what a position of a target comes to. Gives the elements, and what they do when
 * news come.
 */
export function controls(session, kind, { absent = [], switches = [], buttons = [], describe = {} }) {
  const targets = session.of(kind).filter(({ name }) => !absent.includes(name)), labels = new Map(buttons);
  const sliders = [], turned = [], pressed = [];
  for (const target of targets) {
    if (switches.includes(target.name)) turned.push(toggle(session, target));
    else if (labels.has(target.name)) pressed.push(button(session, target, labels.get(target.name), () => 1));
    else sliders.push(slider(session, target, describe[target.name]));
  }
  const elements = [
    sliders.length && make("div", { class: "rows" }, ...sliders.map(({ holder }) => holder)),
    turned.length + pressed.length && make("div", { class: "steps" }, ...turned.map(({ element }) => element), ...pressed),
  ].filter(Boolean);
  const hooks = following(session, sliders);
  return {
    elements, ...hooks,
    picture(now) {
      hooks.picture(now);
      turned.forEach((each) => each.refresh());
    },
  };
}

function slider(session, target, describe) {
  const bar = new Bar(target, session, target.name);
  if (describe) bar.describe = (position) => describe(position, target);
  return bar;
}

function toggle(session, target) {
  const isOn = () => session.positions[target.number] >= 0.5;
  const element = button(session, target, target.name, () => (isOn() ? 0 : 1));
  let shown = null;
  return {
    element,
    refresh() {
      if (isOn() !== shown) element.setAttribute("aria-pressed", shown = isOn());
    },
  };
}

function button(session, target, label, position) {
  return make("button", {
    "data-address": target.address, "aria-label": target.label,
    onclick: () => session.takenForLearning(target) || session.link.act(target.number, position()),
  }, label);
}
