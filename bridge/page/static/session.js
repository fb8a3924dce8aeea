// What the page knows of the session, and what it can ask of it.

const NAMED = new Set(["macro", "parameter", "effect"]);

/** What a target is called: its name, and of what where that does not go without saying. */
function labelOf({ kind, name }) {
  if (kind === "gain") return "output gain";
  return (NAMED.has(kind) || kind === name ? name : `${kind} ${name}`).replaceAll("_", " ");
}

/** Targets by kind, sounds, and what was told last. */
export class Session {
  state = { sound: "", slots: {}, locked: [], learning: -1, knobs: {}, apart: {}, news: [] };

  /** Most snapshots there can be. */
  get slots() {
    return this.targets[this.numbers.get("/tsumami/snapshot/store")]?.high ?? 8;
  }

  /** What positions come to in their units, by number of the address. */
  names = {};
  isLearning = false;

  constructor(link, facts, layout, known) {
    Object.assign(this, { link, facts, layout, known });
    this.targets = facts.addresses.map((address, number) => (
      { ...address, number, label: labelOf(address) }));
    this.numbers = new Map(this.targets.map(({ address, number }) => [address, number]));
  }

  /** Where everything stands, 0-1, by number of its address. */
  get positions() {
    return this.link.positions;
  }

  /** The targets of some kinds, in their order. */
  of(...kinds) {
    return this.targets.filter(({ kind }) => kinds.includes(kind));
  }

  has(address) {
    return this.numbers.has(address);
  }

  /** Ask for an action by its address. */
  do(address, ...values) {
    this.link.act(this.numbers.get(address), ...values);
  }

  /** The sound that plays, as the bank has it. */
  get sound() {
    return this.facts.sounds.find(({ name }) => name === this.state.sound);
  }

  /** Let the next knob that is touched here wait for one of a controller, or no more. */
  toggleLearning() {
    this.isLearning = !this.isLearning && this.state.learning < 0;
    document.body.classList.toggle("learning", this.isLearning);
    document.getElementById("learn").setAttribute("aria-pressed", this.isLearning);
    if (!this.isLearning && this.state.learning >= 0) this.do("/tsumami/learn", -1);
  }

  /** Whether a touch of a target was meant for learning. */
  takenForLearning({ number }) {
    if (!this.isLearning) return false;
    this.isLearning = false;
    document.body.classList.remove("learning");
    this.do("/tsumami/learn", number);
    return true;
  }

  /** Say something beside what the session says. */
  tell(text) {
    document.getElementById("status").textContent = text;
    setTimeout(() => {
      const status = document.getElementById("status");
      if (status.textContent === text) status.textContent = "";
    }, 4000);
  }
}
