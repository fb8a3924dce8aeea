// What fingers, mice, wheels and keys do to a position 0-1: the same for knobs, bars and pads.

const WAY_PX = 220; // of a drag from one end to the other
const FINE = 0.1;
const FINE_FROM_PX = 90; // aside of where the drag began
const DOUBLE_TAP_MS = 320, TAP_PX = 6;
const WHEEL_STEP = 0.02, KEY_STEP = 0.01, PAGE_STEP = 0.1;
const HELD_MS = 250; // after the last touch, what comes from the session is older than the hand

const KEYS = {
  ArrowUp: KEY_STEP, ArrowRight: KEY_STEP, ArrowDown: -KEY_STEP, ArrowLeft: -KEY_STEP,
  PageUp: PAGE_STEP, PageDown: -PAGE_STEP, Home: -1, End: 1,
};

const clip = (value) => Math.min(Math.max(value, 0), 1);

/**
 * Lets a hand move what `element` stands for. `along` is the way that a drag goes, "x", "y" or "both";
 * Shift, or going far aside, makes it fine. `move` takes each new position, at most one a frame.
 */
export class Hand {
  #pointer = null;
  #tapped = -Infinity;
  #until = -Infinity;
  #frame = 0;

  constructor(element, { along, initial, position, move, taken = () => false }) {
    Object.assign(this, { element, along, initial, move, taken });
    this.position = position;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel"])
      element.addEventListener(end, (event) => this.#up(event));
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Whether a hand is on it, or was a moment ago. */
  get isHeld() {
    return this.#pointer !== null || performance.now() < this.#until;
  }

  /** Go to a position, as a hand does. */
  go(position) {
    this.position = clip(position);
    this.#until = performance.now() + HELD_MS;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.move(this.position);
    });
  }

  #down(event) {
    if (event.button !== 0 || this.#pointer !== null) return;
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    if (this.taken()) return;
    if (event.timeStamp - this.#tapped < DOUBLE_TAP_MS) {
      this.#tapped = -Infinity;
      this.go(this.initial);
      return;
    }
    this.#tapped = event.timeStamp;
    this.element.setPointerCapture(event.pointerId);
    const { pointerId: id, clientX: x, clientY: y } = event;
    this.#pointer = { id, x, y, beganX: x, beganY: y };
  }

  #drag(event) {
    const pointer = this.#pointer;
    if (pointer?.id !== event.pointerId) return;
    const dx = event.clientX - pointer.x, dy = pointer.y - event.clientY;
    Object.assign(pointer, { x: event.clientX, y: event.clientY });
    const awayX = Math.abs(event.clientX - pointer.beganX), awayY = Math.abs(event.clientY - pointer.beganY);
    if (Math.max(awayX, awayY) > TAP_PX) this.#tapped = -Infinity;
    const isAside = this.along === "x" ? awayY > FINE_FROM_PX : awayX > FINE_FROM_PX;
    const way = this.along === "x" ? dx / this.element.clientWidth : dy / WAY_PX;
    this.go(this.position + way * (event.shiftKey || isAside ? FINE : 1));
  }

  #up(event) {
    if (this.#pointer?.id !== event.pointerId) return;
    this.#pointer = null;
    this.#until = performance.now() + HELD_MS;
  }

  /** Only where it has been touched before: a page that is scrolled must move nothing. */
  #wheel(event) {
    if (document.activeElement !== this.element) return;
    event.preventDefault();
    if (this.taken()) return;
    this.go(this.position - Math.sign(event.deltaY) * WHEEL_STEP * (event.shiftKey ? FINE : 1));
  }

  #key(event) {
    if (event.key === "Enter" && this.taken()) return;
    const step = KEYS[event.key];
    if (step !== undefined) this.go(this.position + step * (event.shiftKey ? FINE : 1));
    else if (event.key === "Delete" || event.key === "Backspace") this.go(this.initial);
    else return;
    event.preventDefault();
  }
}
