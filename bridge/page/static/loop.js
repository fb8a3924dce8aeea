// The loop that plays, with its bars and how far it has come, and the one that the next bar line takes.

import { controls } from "./controls.js";
import { make, panel } from "./make.js";

const CONTROLS = {
  switches: ["mute", "solo", "hold"],
  buttons: [["next", "next"], ["undo", "last"]],
  describe: {
    seed: (position, { full }) => `${Math.round(position * full)}`,
    level: (position, { full }) => decibels(full * position ** 2),
  },
};
const HEIGHT = 96;

export function loopPanel(session) {
  if (!session.of("loop").length) return null;
  const { elements, picture, ...hooks } = controls(session, "loop", CONTROLS);
  const paper = make("canvas", { height: HEIGHT, role: "img", "aria-label": "Loop" });
  const head = make("i", { class: "head" });
  const words = make("p", { class: "value" });
  let told = null, shown = "";

  function draw() {
    if (!told) return;
    const style = getComputedStyle(document.documentElement), ink = (name) => style.getPropertyValue(name);
    const pen = paper.getContext("2d"), width = paper.width = paper.clientWidth;
    if (told.waits) outline(pen, width, told.waits.outline, ink("--info"), 0.35);
    outline(pen, width, told.sounds.outline, ink("--accent"), 1);
    pen.fillStyle = ink("--dim");
    for (let line = 0; line < told.sounds.bars * 4; line++)
      pen.fillRect((width * line) / (told.sounds.bars * 4), line % 4 ? HEIGHT - 6 : 0, 1, HEIGHT);
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
  addEventListener("resize", draw);
  return {
    ...hooks,
    element: panel("loop", "Loop", make("div", { class: "loop" }, paper, head), words, ...elements),
    loop(news) {
      told = news;
      draw();
      say();
    },
    picture(now) {
      picture(now);
      head.style.transform = `translateX(${now.loop_place * 100}%)`;
    },
  };
}

/** Both edges of a loop, as high as there is room. */
function outline(pen, width, [lowest, highest], colour, share) {
  const most = Math.max(1, ...highest, ...lowest.map((value) => -value));
  const y = (value) => HEIGHT / 2 - (value / most) * (HEIGHT / 2 - 2);
  pen.globalAlpha = share;
  pen.fillStyle = colour;
  pen.beginPath();
  highest.forEach((value, index) => pen.lineTo((index / highest.length) * width, y(Math.max(value, 1))));
  lowest.toReversed().forEach((value, index) => pen.lineTo(width * (1 - index / lowest.length), y(Math.min(value, -1))));
  pen.fill();
  pen.globalAlpha = 1;
}

function decibels(gain) {
  return gain > 1e-5 ? `${(20 * Math.log10(gain)).toFixed(1)} dB` : "silent";
}
