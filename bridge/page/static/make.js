// Elements in one line.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, properties of its style under `style`, listeners under `on…`, and children. */
export function make(name, attributes = {}, ...children) {
  return dressed(document.createElement(name), attributes, children);
}

/** The same for a part of a drawing. */
export function draw(name, attributes = {}, ...children) {
  return dressed(document.createElementNS(SVG, name), attributes, children);
}

/** Fill a track up to a share of it: by its background, which is painted without anything being laid out. */
export function fillTo(fill, share) {
  fill.style.backgroundSize = `${(share * 100).toFixed(1)}% 100%`;
}

/** A titled part of the page. */
export function panel(id, title, ...children) {
  return make("section", { id, class: "panel", "aria-label": title }, make("h2", {}, title), ...children);
}

function dressed(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}
