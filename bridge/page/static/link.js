// The line to the session: reads pictures and texts, sends what is asked, comes back by itself.

const ACT = 1, SHOWN = 2, FULL = 65534;
const READ = { f8: "getFloat64", f4: "getFloat32", u4: "getUint32" };
const FIRST_WAIT_MS = 300, LONGEST_WAIT_MS = 2000;
const REASONS = { 1013: "too many pages are open", 1008: "this page was too slow", 1012: "the session has ended" };

/** Events: `hello`, `state`, `names` and `picture` with their `detail`, and `line` with what to say of it. */
export class Link extends EventTarget {
  #socket = null;
  #layout = null;
  #wait = FIRST_WAIT_MS;
  #shown = 0;
  /** Where everything stands, 0-1, by number of its address. */
  positions = new Float32Array(0);

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = this.#socket = new WebSocket(`${scheme}://${location.host}/socket`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => typeof data === "string" ? this.#text(JSON.parse(data)) : this.#picture(data);
    socket.onclose = ({ code }) => {
      this.#say("lost", `${REASONS[code] ?? "no session answers"}; trying again`);
      setTimeout(() => this.open(), this.#wait);
      this.#wait = Math.min(this.#wait * 1.5, LONGEST_WAIT_MS);
    };
  }

  /** Ask for an address, by its number, with its arguments. */
  act(number, ...values) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const view = new DataView(new ArrayBuffer(3 + 4 * values.length));
    view.setUint8(0, ACT);
    view.setUint16(1, number, true);
    values.forEach((value, index) => view.setFloat32(3 + 4 * index, value, true));
    this.#socket.send(view);
  }

  /** Say that a picture is on the screen. */
  shown(sequence) {
    if (sequence <= this.#shown || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#shown = sequence;
    const view = new DataView(new ArrayBuffer(5));
    view.setUint8(0, SHOWN);
    view.setUint32(1, sequence, true);
    this.#socket.send(view);
  }

  #text(message) {
    if (message.is === "hello") {
      this.#layout = message.layout;
      this.#shown = 0;
      this.#wait = FIRST_WAIT_MS;
      if (this.positions.length !== message.facts.addresses.length)
        this.positions = new Float32Array(message.facts.addresses.length);
      this.#say("live", "");
    }
    this.dispatchEvent(new CustomEvent(message.is, { detail: message }));
  }

  #picture(data) {
    const { fields, head, points, bands } = this.#layout;
    const view = new DataView(data), picture = {};
    for (const [name, { at, type, count }] of Object.entries(fields)) {
      const bytes = Number(type[1]);
      const values = Array.from({ length: count }, (_, index) => view[READ[type]](at + index * bytes, true));
      picture[name] = count === 1 ? values[0] : values;
    }
    let at = head;
    picture.wave = [0, 1].map((channel) => samples(view, at + 2 * channel * points, points));
    at += 4 * points;
    picture.levels = new Uint8Array(data, at, bands);
    at += bands;
    picture.changed = [];
    for (let row = 0; row < picture.moved; row++, at += 4) {
      const number = view.getUint16(at, true);
      this.positions[number] = view.getUint16(at + 2, true) / FULL;
      picture.changed.push(number);
    }
    this.dispatchEvent(new CustomEvent("picture", { detail: picture }));
  }

  #say(state, text) {
    this.dispatchEvent(new CustomEvent("line", { detail: { state, text } }));
  }
}

function samples(view, at, count) {
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) values[index] = view.getInt16(at + 2 * index, true) / 32768;
  return values;
}
