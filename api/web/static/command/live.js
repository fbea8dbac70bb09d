// The stream of changes: comes back by itself, knows how old its last word is, and sleeps while the page is hidden for long.

import { setClock } from "./words.js";

const STALE_MS = 15000;
const HIDDEN_MS = 30000;

export class Live extends EventTarget {
  state = "connecting"; // connecting, live, reconnecting, stale
  heard = Date.now();
  #source = null;
  #asleep = null;

  constructor(cursor) {
    super();
    this.cursor = cursor;
    this.#open();
    setInterval(() => this.#look(), 1000);
    // A browser allows six connections to one host: hidden pages give theirs back, and catch up when they are shown.
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#asleep);
      if (document.hidden) this.#asleep = setTimeout(() => this.#close(), HIDDEN_MS);
      else if (!this.#source) this.#open();
    });
    addEventListener("pagehide", () => this.#close());
    addEventListener("pageshow", () => this.#source ?? this.#open());
  }

  get seconds() {
    return Math.round((Date.now() - this.heard) / 1000);
  }

  #open() {
    const source = (this.#source = new EventSource(`/api/live?after=${this.cursor}`));
    this.#opened = Date.now();
    source.addEventListener("incident", (event) => {
      this.#mark(event);
      this.dispatchEvent(new CustomEvent("incident", { detail: JSON.parse(event.data) }));
    });
    source.addEventListener("reload", (event) => {
      this.#mark(event);
      this.dispatchEvent(new Event("reload"));
    });
    source.addEventListener("beat", (event) => {
      const told = JSON.parse(event.data);
      setClock(told.now);
      if (told.healthy) this.heard = Date.now();
      this.#be(told.healthy ? "live" : "stale");
    });
    source.addEventListener("error", () => this.#be(this.seconds * 1000 > STALE_MS ? "stale" : "reconnecting"));
  }

  #opened = 0;

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  #mark(event) {
    if (event.lastEventId) this.cursor = Number(event.lastEventId);
    this.heard = Date.now();
    this.#be("live");
  }

  // Browsers give up for good when they are answered with an error; then, and after a long silence, we start again.
  #look() {
    if (!this.#source) return;
    const silent = Date.now() - Math.max(this.heard, this.#opened) > STALE_MS;
    if (Date.now() - this.heard > STALE_MS) this.#be("stale");
    if ((this.#source.readyState === EventSource.CLOSED && Date.now() - this.#opened > 2000) || silent) {
      this.#close();
      this.#open();
    }
  }

  #be(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
