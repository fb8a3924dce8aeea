// What the session has said.

import { make, panel } from "./make.js";

export function newsPanel() {
  const list = make("ol", { "aria-live": "polite" });
  let last = 0;
  return {
    element: panel("news", "Messages", list),
    state({ news }) {
      const newest = news.at(-1)?.[0] ?? 0;
      if (newest < last) last = 0; // another session counts anew
      for (const [number, text] of news) if (number > last) list.prepend(make("li", {}, text));
      last = newest;
      while (list.children.length > 8) list.lastChild.remove();
    },
  };
}
