// The sounds of the session, found by name, category and tag.

import { make, panel } from "./make.js";

const MOST_TAGS = 24;

export function browserPanel(session) {
  const { sounds } = session.facts;
  if (!sounds.length) return null;
  const chosen = new Set();
  const rows = sounds.map((sound, number) => {
    const words = [sound.name, sound.category, ...sound.tags].join(" ").toLowerCase();
    const element = make("button", { class: "sound", onclick: () => session.do("/tsumami/patch", number) },
      make("b", {}, sound.name), make("small", {}, [sound.category, ...sound.tags].filter(Boolean).join(" · ")));
    return { sound, words, element };
  });
  const search = make("input", {
    id: "search", type: "search", placeholder: `${sounds.length} sounds: name or tag`, "aria-label": "Search sounds",
    oninput: choose, onkeydown: (event) => event.key === "Enter" && rows.find(({ element }) => !element.hidden)?.element.click(),
  });
  const tags = commonTags(sounds).map((tag) => make("button", {
    class: "tag", "aria-pressed": false,
    onclick: ({ target }) => {
      chosen.has(tag) ? chosen.delete(tag) : chosen.add(tag);
      target.setAttribute("aria-pressed", chosen.has(tag));
      choose();
    },
  }, tag));
  const none = make("p", { class: "none", hidden: true }, "No sound has all of this.");

  function choose() {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { sound, words, element } of rows) {
      const own = [sound.category, ...sound.tags];
      element.hidden = !(wanted.every((word) => words.includes(word)) && [...chosen].every((tag) => own.includes(tag)));
    }
    none.hidden = rows.some(({ element }) => !element.hidden);
  }

  return {
    element: panel("browser", "Sounds", search, make("div", { class: "tags" }, ...tags),
      make("div", { class: "sounds" }, ...rows.map(({ element }) => element), none)),
    state: ({ sound }) => rows.forEach((row) => {
      row.sound.name === sound ? row.element.setAttribute("aria-current", "true") : row.element.removeAttribute("aria-current");
    }),
  };
}

/** Categories first, then the tags that most sounds have. */
function commonTags(sounds) {
  const counts = new Map();
  for (const { tags } of sounds) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  const categories = [...new Set(sounds.map(({ category }) => category).filter(Boolean))];
  const common = [...counts].sort((a, b) => b[1] - a[1]).map(([tag]) => tag);
  return [...new Set([...categories, ...common])].slice(0, MOST_TAGS);
}
