// The repair of the input: when something was missing in the last minute, and for how long.

import { controls } from "./controls.js";
import { make, panel } from "./make.js";

const SECONDS = 60, HEIGHT = 56;

export function repairPanel(session) {
  if (!session.facts.has_repair) return null;
  const canvas = make("canvas", { class: "timeline", width: 600, height: HEIGHT, role: "img", "aria-label": "Repaired gaps of the last minute" });
  const words = make("p", {});
  const { elements, picture: follow, ...hooks } = controls(session, "repair", {
    switches: ["on"], describe: { hold: (position, { full }) => `${Math.round(1000 * full * position)} ms` },
  });
  const gaps = [];
  let before = null;

  function drawn(now) {
    const paper = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    paper.clearRect(0, 0, canvas.width, HEIGHT);
    paper.fillStyle = style.getPropertyValue("--line");
    paper.fillRect(0, HEIGHT - 1, canvas.width, 1);
    paper.fillStyle = style.getPropertyValue("--accent");
    for (const { at, milliseconds } of gaps) {
      const height = Math.min(HEIGHT, 8 + 12 * Math.log2(1 + milliseconds));
      paper.fillRect(canvas.width * (1 - (now - at) / SECONDS) - 3, HEIGHT - height, 3, height);
    }
  }

  return {
    ...hooks,
    element: panel("repair", "Repair", canvas, words, ...elements),
    picture(picture) {
      follow(picture);
      const { seconds, repair_samples: samples, repair_gaps: count } = picture;
      if (before !== null && samples > before)
        gaps.push({ at: seconds, milliseconds: ((samples - before) / session.facts.sample_rate) * 1000 });
      before = samples;
      while (gaps.length && seconds - gaps[0].at > SECONDS) gaps.shift();
      if (picture.sequence % 5) return;
      drawn(seconds);
      words.textContent = `${count} gaps, ${((samples / session.facts.sample_rate) * 1000).toFixed(0)} ms continued, ${picture.input_lost} blocks lost`;
    },
  };
}
