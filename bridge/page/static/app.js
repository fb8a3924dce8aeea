// The page: builds its panels from what the session has, and keeps them up to date.

import { Link } from "./link.js";
import { Session } from "./session.js";
import { make } from "./make.js";
import { browserPanel } from "./browser.js";
import { enginePanel } from "./engine.js";
import { knobsPanel, latentPanel, othersPanel, parametersPanel } from "./knobs.js";
import { groovePanel } from "./groove.js";
import { loopPanel } from "./loop.js";
import { mapPanel } from "./map.js";
import { morphPanel } from "./morph.js";
import { newsPanel } from "./news.js";
import { outputPanel } from "./output.js";
import { repairPanel } from "./repair.js";
import { snapshotsPanel } from "./snapshots.js";
import { setUpLooks } from "./looks.js";

/** By column, as a phone has them one below the other. A panel of nothing is left out. */
const COLUMNS = {
  top: [knobsPanel],
  side: [outputPanel, snapshotsPanel, morphPanel, mapPanel, repairPanel, enginePanel, newsPanel],
  wide: [loopPanel, groovePanel, parametersPanel, latentPanel, othersPanel, browserPanel],
};

const by = (id) => document.getElementById(id);
const link = new Link();
const panels = [];
let session = null, latest = null, frame = 0;

link.addEventListener("hello", ({ detail: { facts, layout } }) => {
  const known = JSON.stringify(facts);
  if (session && session.known !== known) return location.reload(); // another session has come
  if (session) return session.tell("connected again");
  session = new Session(link, facts, layout, known);
  const columns = Object.entries(COLUMNS).map(([name, builders]) => {
    const built = builders.map((build) => build(session)).filter(Boolean);
    panels.push(...built);
    return make("div", { class: name }, ...built.map(({ element }) => element));
  });
  by("panels").replaceChildren(...columns);
});

link.addEventListener("state", ({ detail }) => {
  session.state = detail;
  by("sound").textContent = detail.sound || "no sound";
  by("learn").setAttribute("aria-pressed", session.isLearning || detail.learning >= 0);
  panels.forEach((each) => each.state?.(detail));
});

link.addEventListener("names", ({ detail: { names } }) => {
  Object.assign(session.names, names);
  panels.forEach((each) => each.names?.(names));
});

for (const name of ["loop", "groove", "map", "heard"])
  link.addEventListener(name, ({ detail }) => panels.forEach((each) => each[name]?.(detail)));

link.addEventListener("picture", ({ detail }) => {
  latest = detail;
  panels.forEach((each) => each.moved?.(detail.changed));
  if (document.hidden) link.shown(detail.sequence);
  else frame ||= requestAnimationFrame(show);
});

link.addEventListener("line", ({ detail: { state, text } }) => {
  document.body.dataset.line = state;
  by("status").textContent = text;
});

function show() {
  frame = 0;
  const minutes = Math.floor(latest.seconds / 60), seconds = Math.floor(latest.seconds % 60);
  by("clock").textContent = `${minutes}:${String(seconds).padStart(2, "0")}`;
  panels.forEach((each) => each.picture?.(latest));
  link.shown(latest.sequence);
}

by("panic").addEventListener("click", () => session?.do("/tsumami/panic"));
by("learn").addEventListener("click", () => session?.toggleLearning());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.target.matches("input, select"))
    session?.isLearning || session?.state.learning >= 0 ? session.toggleLearning() : session?.do("/tsumami/panic");
  if (event.key === "/" && event.target === document.body) {
    event.preventDefault();
    by("search")?.focus();
  }
});
setUpLooks(by("stage"), by("theme"));
link.open();
