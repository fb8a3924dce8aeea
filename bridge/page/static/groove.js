// Groove lanes: how early or late the hits of the input are, a lane for each drum, as they come.

import { controls } from "./controls.js";
import { make, panel } from "./make.js";

const LANE = 30, CLOSE_MS = 6, NEAR_MS = 15;

export function groovePanel(session) {
  if (!session.facts.has_groove) return null;
  const words = make("p", { class: "value" }), latest = make("p", { class: "latest", "aria-live": "off" });
  const body = make("tbody"), lanes = new Map();
  const table = make("table", { class: "lanes" }, make("thead", {}, make("tr", {}, make("th", {}, ""),
    make("th", { class: "scale" }, make("span", {}, "early"), make("span", {}, "late")),
    ...["bias", "±", "level"].map((name) => make("th", {}, name)))), body);
  const { elements, ...hooks } = controls(session, "groove", {
    absent: session.facts.has_reference ? [] : ["reference"], switches: ["reference"], buttons: [["reset", "anew"]],
  });
  let told = null;

  function lane(name) {
    const strip = make("canvas", { height: LANE, role: "img", "aria-label": `Hits of the ${name}` });
    const figures = Array.from({ length: 3 }, () => make("td", { class: "figure" }));
    body.append(make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, strip), ...figures));
    return { strip, figures, drawn: "" };
  }

  function draw() {
    if (!told) return;
    const style = getComputedStyle(document.documentElement), ink = (name) => style.getPropertyValue(name);
    const colours = [ink("--good"), ink("--accent"), ink("--bad")];
    for (const { name, late_ms: late, bias_ms: bias, spread_ms: spread, level_db: level } of told.lanes) {
      if (!lanes.has(name)) lanes.set(name, lane(name));
      const row = lanes.get(name), key = JSON.stringify(late);
      if (row.drawn === key) continue;
      row.drawn = key;
      strip(row.strip, late, told.strip_ms, ink("--line"), ink("--dim"), colours);
      [signed(bias, "ms"), spread === null ? "" : `${spread.toFixed(1)} ms`, level === null ? "" : `${level.toFixed(1)} dB`.replace("-", "−")]
        .forEach((text, index) => { row.figures[index].textContent = text; });
    }
  }

  document.addEventListener("looks", () => {
    for (const row of lanes.values()) row.drawn = "";
    draw();
  });
  return {
    ...hooks,
    element: panel("groove", "Groove", words, table, latest, ...elements),
    groove(news) {
      told = news;
      if (!told.lanes.length) { // it begins anew
        body.replaceChildren();
        lanes.clear();
        latest.textContent = "";
      }
      draw();
      const { bpm, source, feel, sure, state, waiting, hits, latest: last } = told;
      words.textContent = waiting || [`${bpm.toFixed(1)} bpm (${source})`, `${feel}, ${sure} sure`, `${hits} hits`, state]
        .filter(Boolean).join(" · ");
      if (last) {
        latest.textContent = `${last.lane} ${signed(last.late_ms, "ms")}`;
        latest.dataset.is = colourOf(last.late_ms);
      }
    },
  };
}

/** The last hits of a lane, left of the line the early ones; the newest is the brightest. */
function strip(canvas, late, most, line, dim, colours) {
  const pen = canvas.getContext("2d"), width = canvas.width = canvas.clientWidth;
  const x = (ms) => (Math.min(Math.max(ms / most, -1), 1) + 1) * 0.5 * (width - 16) + 8;
  pen.fillStyle = line;
  for (const ms of [-most / 2, most / 2]) pen.fillRect(x(ms), 4, 1, LANE - 8);
  pen.fillStyle = dim;
  pen.fillRect(x(0) - 1, 0, 2, LANE);
  late.forEach((ms, index) => {
    pen.globalAlpha = 0.15 + (0.6 * (index + 1)) / late.length;
    pen.fillStyle = colours[colourOf(ms)];
    pen.fillRect(x(ms) - 1.5, 5, 3, LANE - 10);
  });
  pen.globalAlpha = 1;
  if (!late.length) return;
  pen.fillStyle = colours[colourOf(late.at(-1))];
  pen.beginPath();
  pen.arc(x(late.at(-1)), LANE / 2, 7, 0, 7);
  pen.fill();
}

/** 0 on the grid, 1 near it, 2 far from it. */
function colourOf(ms) {
  return Math.abs(ms) <= CLOSE_MS ? 0 : Math.abs(ms) <= NEAR_MS ? 1 : 2;
}

function signed(value, unit) {
  return value === null ? "" : `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)} ${unit}`;
}
