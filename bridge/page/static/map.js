// Sounds by ear: a map to tap on, and what is near to a note that was played or to a recording.

import { make, panel } from "./make.js";

const FLAT = 2 / 3, EDGE = 20, POINT = 5, REACH_PX = 26;
const RATE = 22050, SECONDS = 2; // of what the session compares
const COLOURS = 12, NAMED = 8;

export function mapPanel(session) {
  if (!session.facts.has_timbre) return null;
  const numbers = new Map(session.facts.sounds.map(({ name }, number) => [name, number]).reverse());
  const paper = make("canvas", { "aria-hidden": true });
  const label = make("span", { class: "label", hidden: true });
  const face = make("div", {
    class: "map", role: "application", tabindex: 0, "aria-label": "Map of sounds: arrow keys go to the nearest, Enter loads it",
  }, paper, label);
  const said = make("p", { class: "value", role: "status" }, "the map is being made");
  const near = make("div", { class: "near", role: "group", "aria-label": "Nearest sounds" });
  const file = make("input", { type: "file", accept: "audio/*", hidden: true, onchange: () => find(file.files[0]) });
  const choose = make("button", { onclick: () => file.click() }, "Find by a recording …");
  let width = 0, height = 0; // of the face, in its pixels
  let map = null, at = -1, found = new Set(), sound = "", heard = 0;

  const places = () => map.places.map(([x, y]) => [EDGE + x * (width - 2 * EDGE), EDGE + (1 - y) * (height - 2 * EDGE)]);

  function draw() {
    if (!map || !width) return;
    const style = getComputedStyle(document.documentElement), ink = (name) => style.getPropertyValue(name);
    const light = style.colorScheme === "light", pen = paper.getContext("2d"), points = places();
    pen.setTransform(paper.width / width, 0, 0, paper.height / height, 0, 0);
    pen.clearRect(0, 0, width, height);
    map.groups.forEach(([, rows], group) => {
      pen.fillStyle = `hsl(${(group % COLOURS) * (360 / COLOURS)} 65% ${light ? 42 : 62}%)`;
      for (const row of rows) dot(pen, points[row], numbers.has(map.names[row]) ? POINT : POINT / 2);
    });
    if (!map.groups.length) {
      pen.fillStyle = ink("--accent");
      points.forEach((point) => dot(pen, point, POINT));
    }
    pen.lineWidth = 2.5;
    for (const [rows, colour, size] of [[found, ink("--info"), 4], [new Set([map.names.indexOf(sound)]), ink("--text"), 7]])
      for (const row of rows) if (row >= 0) ring(pen, points[row], POINT + size, colour);
    names(pen, points, ink("--text"), ink("--panel"));
  }

  /** The largest groups by name, at the one that they are named for. */
  function names(pen, points, text, back) {
    pen.font = "600 13px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.lineWidth = 4;
    pen.strokeStyle = back;
    pen.fillStyle = text;
    const taken = [];
    for (const [name, rows] of map.groups.slice(0, NAMED)) {
      const [x, y] = points[rows.find((row) => map.names[row] === name)];
      const half = pen.measureText(name).width / 2, middle = Math.min(Math.max(x, half + 4), width - half - 4);
      if (taken.some(([other, wide, height]) => Math.abs(other - middle) < wide + half && Math.abs(height - y) < 18)) continue;
      taken.push([middle, half, y]);
      pen.strokeText(name, middle, y - 10);
      pen.fillText(name, middle, y - 10);
    }
  }

  /** Go to a point of the map and say its name. */
  function go(row) {
    at = row;
    label.hidden = row < 0;
    if (row < 0) return;
    const [x, y] = places()[row];
    label.textContent = map.names[row] + (numbers.has(map.names[row]) ? "" : " (not in this session)");
    label.style.left = `${x}px`;
    label.style.top = `${y}px`;
    label.dataset.side = x > width / 2 ? "left" : "right";
  }

  function load(name) {
    if (numbers.has(name)) session.do("/tsumami/patch", numbers.get(name));
    said.textContent = numbers.has(name) ? `${name} is loaded` : `${name} is not in this session`;
  }

  function nearest(event) {
    const { left, top } = paper.getBoundingClientRect();
    const x = event.clientX - left, y = event.clientY - top;
    const far = places().map(([px, py]) => Math.hypot(px - x, py - y));
    const row = far.indexOf(Math.min(...far));
    return far[row] <= REACH_PX ? row : -1;
  }

  face.addEventListener("pointermove", (event) => map && event.pointerType === "mouse" && go(nearest(event)));
  face.addEventListener("pointerleave", () => go(-1));
  face.addEventListener("click", (event) => {
    const row = map ? nearest(event) : -1;
    if (row < 0) return;
    go(row);
    load(map.names[row]);
  });
  face.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!map || (!way && event.key !== "Enter")) return;
    event.preventDefault();
    if (way) go(beside(places(), at < 0 ? Math.max(map.names.indexOf(sound), 0) : at, way));
    else if (at >= 0) load(map.names[at]);
    if (way) said.textContent = label.textContent;
  });

  function show({ where, note, nearest: rows }) {
    said.textContent = `Near to ${where}${note ? `, ${note}` : ""}:`;
    near.replaceChildren(...rows.map(([name, distance]) => make("button", {
      class: "sound", disabled: !numbers.has(name), onclick: () => load(name),
    }, make("b", {}, name), make("small", {}, distance.toFixed(3)))));
    found = new Set(rows.map(([name]) => map?.names.indexOf(name)));
    draw();
  }

  /** Let the session compare the first seconds of a recording, from where it begins. */
  async function find(recording) {
    if (!recording) return;
    file.value = "";
    try {
      said.textContent = `comparing ${recording.name}`;
      const body = beginning(await decoded(await recording.arrayBuffer()));
      const answer = await fetch("find", { method: "POST", body });
      const document = await answer.json();
      answer.ok ? show({ ...document, where: recording.name }) : (said.textContent = document.error);
    } catch {
      said.textContent = `${recording.name} is no recording that this browser can read`;
    }
  }

  new ResizeObserver(() => {
    width = face.clientWidth;
    height = Math.round(width * FLAT);
    paper.style.height = `${height}px`;
    paper.width = width * devicePixelRatio;
    paper.height = height * devicePixelRatio;
    draw();
  }).observe(face);
  document.addEventListener("looks", draw);
  return {
    element: panel("map", "Sounds by ear", face, make("div", { class: "steps" }, choose, file), said, near),
    map(news) {
      map = news;
      said.textContent = `${map.names.length} sounds: what is alike lies together. Tap one, ${session.facts.has_input ? "play a note into the input, " : ""}or find by a recording.`;
      draw();
    },
    heard(news) {
      if (news.error) said.textContent = news.error;
      else if (news.number !== heard) show(news);
      heard = news.number;
    },
    state(told) {
      if (told.sound === sound) return;
      sound = told.sound;
      draw();
    },
  };
}

function dot(pen, [x, y], size) {
  pen.beginPath();
  pen.arc(x, y, size, 0, 7);
  pen.fill();
}

function ring(pen, [x, y], size, colour) {
  pen.strokeStyle = colour;
  pen.beginPath();
  pen.arc(x, y, size, 0, 7);
  pen.stroke();
}

/** The nearest point that lies in a direction; the same where there is none. */
function beside(points, row, [dx, dy]) {
  const [x, y] = points[row];
  let best = row, least = Infinity;
  points.forEach(([px, py], other) => {
    const along = (px - x) * dx + (py - y) * dy, aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
    if (along > 1 && along + 2 * aside < least) [best, least] = [other, along + 2 * aside];
  });
  return best;
}

/** A recording as one channel at the rate of what compares it. */
async function decoded(bytes) {
  const sound = await new OfflineAudioContext(1, RATE, RATE).decodeAudioData(bytes);
  const mono = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++)
    sound.getChannelData(channel).forEach((value, index) => { mono[index] += value / sound.numberOfChannels; });
  return mono;
}

/** The first seconds from where it passes a hundredth of its loudest moment. */
function beginning(samples) {
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const begin = Math.max(samples.findIndex((value) => Math.abs(value) >= 0.01 * loudest), 0);
  return samples.slice(begin, begin + RATE * SECONDS);
}
