// What the session has said.

import { make, panel } from "./make.js";

export function newsPanel() {
  const list = make("ol", { "aria-live": "polite" });
  let last = 0;
  return {
    element: panel("news", "Messages", list),
    state({ news }) {
      for (const [number, text] of news.filter(([each]) => each > last || each === 1 && last > each)) {
        list.prepend(make("li", {}, text));
        last = number;
      }
      while (list.children.length > 8) list.lastChild.remove();
    },
  };
}
