// How the engine does: load, what went wrong and who was to blame, the device, the plugins.

import { fillTo, make, panel } from "./make.js";

const COUNTS = [
  ["missed", "missed"], ["overruns", "overruns"], ["late_inference", "late"], ["clipped", "limited"], ["non_finite", "not finite"],
];
const HARMLESS = new Set(["clipped"]);

export function enginePanel(session) {
  const { stages } = session.layout;
  const load = make("i", { class: "fill" }), half = make("i", { class: "mark" }), figure = make("span", { class: "value" });
  const counts = COUNTS.map(([field, name]) => {
    const value = make("b", {}, 0);
    return { field, value, element: make("span", { class: "count" }, value, ` ${name}`) };
  });
  const blame = make("p", { class: "blame" }), device = make("p", { class: "device" }), plugins = make("div", { class: "plugins" });
  const meter = make("div", { class: "meter", role: "meter", "aria-label": "Load in %", "aria-valuemin": 0, "aria-valuemax": 100 },
    "load", make("span", { class: "track" }, load, half), figure);
  const loads = make("p", { class: "stages" });
  let drawn = 0;

  return {
    element: panel("engine", "Engine",
      meter,
      loads, make("div", { class: "counts" }, ...counts.map(({ element }) => element)), blame, device, plugins),
    picture(picture) {
      if (picture.seconds === drawn || picture.sequence % 5) return; // six times a second is enough to read
      drawn = picture.seconds;
      const total = picture.load[0];
      fillTo(load, Math.min(total / 100, 1));
      load.dataset.is = total > 90 ? "hot" : total > 60 ? "high" : "";
      half.style.left = `${Math.min(picture.load_half, 100)}%`;
      figure.textContent = `${total.toFixed(0)} %`;
      meter.setAttribute("aria-valuenow", Math.min(Math.round(total), 100));
      loads.textContent = stages.slice(1).map((stage, index) => [stage, picture.load[index + 1]])
        .filter(([, share]) => share >= 0.1).map(([stage, share]) => `${stage} ${share.toFixed(1)}`).join(" · ");
      for (const { field, value, element } of counts) {
        value.textContent = picture[field];
        element.classList.toggle("bad", picture[field] > 0 && !HARMLESS.has(field));
      }
      blame.textContent = picture.blame.map((count, stage) => [stages[stage], count]).slice(1).filter(([, count]) => count)
        .map(([stage, count]) => `${stage}: ${count}`).join(", ");
      blame.hidden = !blame.textContent;
      if (blame.textContent) blame.prepend("overruns by ");
    },
    state(told) {
      const { block_size: block, sample_rate: rate } = session.facts;
      device.textContent = [told.device, `${rate / 1000} kHz`, `${block} frames`, `${told.latency_ms} ms`,
        told.input && `hears ${told.input}`, told.source].filter(Boolean).join(" · ");
      plugins.replaceChildren(...told.plugins.map((plugin) => make("p", { class: plugin.off ? "bad" : "" },
        make("b", {}, plugin.plugin), plugin.off ? ` off: ${plugin.off}` : ` late ${plugin.late} · refused ${plugin.refused} · restarts ${plugin.restarts}`)));
    },
  };
}
