// The stream of changes. It comes back by itself, and knows how old its last word is. A browser allows six connections to one host, so all open
// pages share one: whoever holds the lock listens to the service and passes everything on; when that page closes, the next one goes on.

import { ask } from "./ask.js";
import { facts, setClock } from "./words.js";

const NAME = `gridmap-live-${facts.lang}-${facts.session}`; // another session sees other incidents
const STALE_MS = 15000;
const REFUSED = { 401: "signed_out", 403: "refused" }; // by status, what the page says
const ALONE_MS = 30000; // the listening page has gone quiet: listen ourselves

export class Live extends EventTarget {
  state = "connecting"; // connecting, live, reconnecting, stale, signed_out, refused
  cursor = 0;
  #heard = Date.now();
  #opened = 0;
  #started = false;
  #source = null;
  #refused = false;
  #others = new BroadcastChannel(NAME);

  // Hears what other pages pass on from the very start, so that nothing falls between the list and `start`.
  constructor() {
    super();
    this.#others.onmessage = ({ data }) => this.#take(data);
    addEventListener("pagehide", () => this.#close());
  }

  // `cursor` is the number of the last change that the list already holds.
  start(cursor) {
    this.cursor = Math.max(this.cursor, cursor);
    this.#started = true;
    this.#others.postMessage({ kind: "who" });
    const forever = () => (this.#open(), new Promise(() => {}));
    if (navigator.locks) navigator.locks.request(NAME, forever);
    else this.#open();
    setInterval(() => this.#look(), 1000);
  }

  get seconds() {
    return Math.round((Date.now() - this.#heard) / 1000);
  }

  #open() {
    this.#close();
    this.#opened = Date.now();
    const source = (this.#source = new EventSource(`/api/live?after=${this.cursor}`));
    for (const kind of ["incident", "reload", "beat"])
      source.addEventListener(kind, ({ data, lastEventId }) => this.#pass({ kind, data, number: Number(lastEventId) || 0 }));
    source.addEventListener("error", () => this.#pass({ kind: "error" }));
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  #pass(message) {
    this.#others.postMessage(message);
    this.#take(message);
  }

  #take({ kind, data, number }) {
    if (kind === "who") return this.#source && this.state === "live" ? this.#others.postMessage({ kind: "here" }) : null;
    if (kind === "here") return this.#live();
    if (kind === "error") return this.#refused ? null : this.#be(Date.now() - this.#heard > STALE_MS ? "stale" : "reconnecting");
    if (kind === "refused") {
      this.#refused = true;
      return this.#be(JSON.parse(data));
    }
    if (number) this.cursor = Math.max(this.cursor, number);
    const told = JSON.parse(data);
    if (kind === "beat") {
      setClock(told.now);
      if (told.edition !== null && told.edition !== facts.edition?.number) this.dispatchEvent(new CustomEvent("edition", { detail: told.edition }));
    }
    if (kind === "beat" && !told.healthy) return this.#be("stale"); // the service lives, its database does not
    this.#live();
    if (kind !== "beat") this.dispatchEvent(new CustomEvent(kind, { detail: told }));
  }

  #live() {
    this.#heard = Date.now();
    this.#be("live");
    if (this.#refused) this.dispatchEvent(new CustomEvent("reload", { detail: {} }));
    this.#refused = false;
  }

  // Browsers give up for good when they are answered with an error; then, and after a long silence, we start again.
  #look() {
    const silent = Date.now() - Math.max(this.#heard, this.#opened);
    if (Date.now() - this.#heard > STALE_MS && !this.#refused) this.#be("stale");
    const gone = this.#source?.readyState === EventSource.CLOSED && Date.now() - this.#opened > (this.#refused ? STALE_MS : 2000);
    if (gone) this.#why();
    if (gone || (!this.#refused && silent > (this.#source ? STALE_MS : ALONE_MS))) this.#open();
  }

  // A stream that is refused does not say why: the list does. Whoever signed out goes to the sign-in from there, unless they are writing.
  async #why() {
    try {
      await ask("/api/incidents?limit=1");
    } catch (fault) {
      if (REFUSED[fault.status]) this.#pass({ kind: "refused", data: JSON.stringify(REFUSED[fault.status]) });
    }
  }

  #be(state) {
    if (!this.#started) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
