// The loop that plays, with its bars and how far it has come, and the one that the next bar line takes.

import { make, panel } from "./make.js";
import { following } from "./knobs.js";
import { Bar } from "./slider.js";

const SWITCHES = ["mute", "solo", "hold"];
const BUTTONS = [["next", "Next"], ["undo", "Last"]];
const WIDTH = 512, HEIGHT = 96;

export function loopPanel(session) {
  const targets = session.of("loop");
  if (!targets.length) return null;
  const named = new Map(targets.map((target) => [target.name, target]));
  const bars = targets.filter(({ name }) => ![...SWITCHES, ...BUTTONS.flat()].includes(name)).map((target) => bar(target));
  const switches = SWITCHES.filter((name) => named.has(name)).map((name) => ({
    number: named.get(name).number,
    element: make("button", { "aria-pressed": false, onclick: ({ currentTarget }) =>
      session.link.act(named.get(name).number, currentTarget.getAttribute("aria-pressed") === "true" ? 0 : 1) }, name),
  }));
  const buttons = BUTTONS.filter(([name]) => named.has(name)).map(([name, label]) =>
    make("button", { onclick: () => session.link.act(named.get(name).number, 1) }, label));

  const paper = make("canvas", { width: WIDTH, height: HEIGHT, role: "img", "aria-label": "Loop" });
  const head = make("i", { class: "head" });
  const words = make("p", { class: "value" });
  let told = null, shown = "";

  function bar(target) {
    const made = new Bar(target, session);
    if (target.name === "seed") made.describe = (position) => `${Math.round(position * target.full)}`;
    if (target.name === "level") made.describe = (position) => decibels(target.full * position ** 2);
    return made;
  }

  function draw() {
    if (!told) return;
    const style = getComputedStyle(document.documentElement), ink = (name) => style.getPropertyValue(name);
    const pen = paper.getContext("2d");
    pen.clearRect(0, 0, WIDTH, HEIGHT);
    if (told.waits) outline(pen, told.waits.outline, ink("--info"), 0.35);
    outline(pen, told.sounds.outline, ink("--accent"), 1);
    pen.fillStyle = ink("--dim");
    for (let line = 0; line < told.sounds.bars * 4; line++)
      pen.fillRect((WIDTH * line) / (told.sounds.bars * 4), line % 4 ? HEIGHT - 6 : 0, 1, HEIGHT);
  }

  function say() {
    const { sounds, waits, bpm } = told;
    const next = waits ? `, then seed ${waits.seed} at the bar line` : "";
    const text = `seed ${sounds.seed}${next} · ${Math.round(bpm)} bpm`;
    if (text === shown) return;
    shown = words.textContent = text;
    paper.setAttribute("aria-label", `Loop of ${sounds.bars} ${sounds.bars === 1 ? "bar" : "bars"}, ${text}`);
  }

  document.addEventListener("looks", draw);
  const { moved, names, picture, state } = following(session, bars);
  return {
    element: panel("loop", "Loop", make("div", { class: "loop" }, paper, head), words,
      make("div", { class: "rows" }, ...bars.map(({ holder }) => holder)),
      make("div", { class: "steps" }, ...switches.map(({ element }) => element), ...buttons)),
    moved, names, state,
    loop(news) {
      told = news;
      draw();
      say();
    },
    picture(now) {
      picture(now);
      head.style.transform = `translateX(${now.loop_place * 100}%)`;
      for (const { number, element } of switches) {
        const isOn = String(session.positions[number] >= 0.5);
        if (element.getAttribute("aria-pressed") !== isOn) element.setAttribute("aria-pressed", isOn);
      }
    },
  };
}

/** Both edges of a loop, as high as there is room. */
function outline(pen, [lowest, highest], colour, share) {
  const most = Math.max(1, ...highest, ...lowest.map((value) => -value));
  const y = (value) => HEIGHT / 2 - (value / most) * (HEIGHT / 2 - 2);
  pen.globalAlpha = share;
  pen.fillStyle = colour;
  pen.beginPath();
  highest.forEach((value, index) => pen.lineTo((index / highest.length) * WIDTH, y(Math.max(value, 1))));
  lowest.toReversed().forEach((value, index) => pen.lineTo(WIDTH * (1 - index / lowest.length), y(Math.min(value, -1))));
  pen.fill();
  pen.globalAlpha = 1;
}

function decibels(gain) {
  return gain > 1e-5 ? `${(20 * Math.log10(gain)).toFixed(1)} dB` : "silent";
}
