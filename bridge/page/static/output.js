// The output: levels, a wave that stands still, and what its bands did in the last seconds.

import uPlot from "./vendor/uplot.js";
import { fillTo, make, panel } from "./make.js";

const FLOOR_DB = -60;
const SPECTRUM_COLUMNS = 240;
const TOLD_EVERY = 30; // pictures, to who cannot see them

export function outputPanel(session) {
  const { points, bands } = session.layout;
  const meters = ["L", "R"].map((name) => {
    const fill = make("i", { class: "fill" }), peak = make("span", { class: "value" });
    return { fill, peak, element: make("div", { class: "meter", role: "meter", "aria-label": `Level ${name} in dB`, "aria-valuemin": FLOOR_DB, "aria-valuemax": 0 }, name, make("span", { class: "track" }, fill), peak) };
  });
  const scope = make("div", { class: "scope", role: "img", "aria-label": "Oscilloscope" });
  const spectrum = make("canvas", { class: "spectrum", width: SPECTRUM_COLUMNS, height: bands, role: "img", "aria-label": "Spectrogram" });
  const element = panel("output", "Output", ...meters.map((meter) => meter.element), scope, spectrum);
  const paper = spectrum.getContext("2d", { alpha: false });
  const column = paper.createImageData(1, bands);
  const milliseconds = Array.from({ length: points }, (_, index) => (index / session.facts.sample_rate) * 1000);
  let plot = null, pixels = null, colours = null;

  function lay() {
    const style = getComputedStyle(document.documentElement);
    const ink = (name) => style.getPropertyValue(name).trim();
    colours = palette(ink("--panel"), ink("--spectrum"), ink("--accent"));
    paper.fillStyle = ink("--panel");
    paper.fillRect(0, 0, SPECTRUM_COLUMNS, bands);
    plot?.destroy();
    const grid = { stroke: ink("--line"), width: 1 };
    plot = new uPlot({
      width: scope.clientWidth || 300, height: 150, padding: [6, 6, 0, 0], legend: { show: false },
      cursor: { show: false }, pxAlign: 0,
      scales: { x: { time: false }, y: { range: (_, low, high) => { const most = Math.max(0.05, Math.abs(low ?? 0), Math.abs(high ?? 0)); return [-most, most]; } } },
      axes: [
        { stroke: ink("--dim"), grid, ticks: grid, font: "11px system-ui", values: (_, ticks) => ticks.map((tick) => `${tick} ms`), size: 26 },
        { stroke: ink("--dim"), grid, ticks: grid, font: "11px system-ui", size: 38 },
      ],
      series: [{}, { stroke: ink("--info"), width: 1.5 }, { stroke: ink("--accent"), width: 1.5 }],
    }, [milliseconds, new Array(points).fill(0), new Array(points).fill(0)], scope);
  }

  new ResizeObserver(() => plot && scope.clientWidth && plot.setSize({ width: scope.clientWidth, height: 150 })).observe(scope);
  document.addEventListener("looks", () => { if (plot) lay(); });

  return {
    element,
    picture({ peak, wave, levels, sequence }) {
      if (!plot) lay();
      meters.forEach(({ fill, peak: text, element: meter }, channel) => {
        const decibels = 20 * Math.log10(Math.max(peak[channel], 1e-5));
        fillTo(fill, Math.min(Math.max(0, 1 - decibels / FLOOR_DB), 1));
        fill.dataset.is = decibels > -1 ? "hot" : decibels > -9 ? "high" : "";
        const words = decibels > -99 ? `${decibels.toFixed(0)} dB` : "–";
        if (text.textContent !== words) text.textContent = words;
        if (sequence % TOLD_EVERY === 0) meter.setAttribute("aria-valuenow", Math.max(Math.round(decibels), FLOOR_DB));
      });
      plot.setData([milliseconds, ...wave]);
      pixels ??= new Uint32Array(column.data.buffer);
      for (let band = 0; band < bands; band++) pixels[bands - 1 - band] = colours[levels[band]];
      paper.drawImage(spectrum, -1, 0);
      paper.putImageData(column, SPECTRUM_COLUMNS - 1, 0);
    },
  };
}

/** 256 colours from silence to full scale, as pixels. */
function palette(...stops) {
  const canvas = make("canvas", { width: 256, height: 1 }), paper = canvas.getContext("2d", { willReadFrequently: true });
  const gradient = paper.createLinearGradient(0, 0, 256, 0);
  [0.3, 0.65, 1].forEach((at, index) => gradient.addColorStop(at, stops[index]));
  paper.fillStyle = gradient;
  paper.fillRect(0, 0, 256, 1);
  return new Uint32Array(paper.getImageData(0, 0, 256, 1).data.buffer.slice(0));
}
