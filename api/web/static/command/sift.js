// What the reader wants to see, and in which order; and which incident is open. Kept in the address, so that a view can be bookmarked.

import { URGENCIES } from "./incidents.js";
import { isOver } from "./words.js";

const ORDER = Object.fromEntries(URGENCIES.map((urgency, place) => [urgency, place]));
const newest = (a, b) => (a.number < b.number ? 1 : a.number > b.number ? -1 : 0);
const over = (one) => Number(Boolean(one.due_at) && isOver(one.due_at));
const due = (one) => (one.due_at ? Date.parse(one.due_at) : Infinity);
const sooner = (a, b) => (due(a) === due(b) ? 0 : due(a) - due(b));
export const SORTS = {
  urgency: (a, b) => ORDER[a.urgency] - ORDER[b.urgency] || over(b) - over(a) || newest(a, b),
  due: (a, b) => sooner(a, b) || newest(a, b),
  newest,
  oldest: (a, b) => newest(b, a),
};
export const TABS = ["open", "dispatched", "triage"];
export const WATCHES = {
  overdue: (one) => Boolean(one.due_at) && isOver(one.due_at),
  supervised: (one) => Boolean(one.supervised_until),
  owed: (one) => one.owed > 0,
};

// What the desk must look at, before any office can; all else that is open is on its way.
const AT_DESK = new Set(["triage", "verifying", "not_filed", "filed", "returned"]);
export const tabOf = (one) => (AT_DESK.has(one.state) ? "triage" : "dispatched");

// A whole incident number: asked for by itself, what has ended is found, too.
export const isNumber = (text) => /^\d{4}-\d{6,}$/.test(text);

// The number of the incident that the address has open, or nothing.
export const named = () => new URLSearchParams(location.hash.slice(1)).get("incident") ?? "";

export function by(all, key) {
  const groups = new Map();
  for (const one of all) {
    const name = key(one);
    if (groups.has(name)) groups.get(name).push(one);
    else groups.set(name, [one]);
  }
  return groups;
}

export class Sift extends EventTarget {
  tab = "open";
  urgencies = new Set();
  grade = "";
  watch = "";
  text = "";
  sort = "urgency";
  incident = named();

  constructor() {
    super();
    const told = new URLSearchParams(location.hash.slice(1));
    if (TABS.includes(told.get("tab"))) this.tab = told.get("tab");
    if (told.get("sort") in SORTS) this.sort = told.get("sort");
    this.grade = told.get("grade") ?? "";
    if (told.get("watch") in WATCHES) this.watch = told.get("watch");
    this.text = told.get("text") ?? "";
    for (const urgency of (told.get("urgency") ?? "").split(",")) if (URGENCIES.includes(urgency)) this.urgencies.add(urgency);
  }

  set(changes) {
    Object.assign(this, changes);
    this.#write();
    this.dispatchEvent(new Event("change"));
  }

  // That this incident is open now, or none.
  name(incident) {
    this.incident = incident;
    this.#write();
  }

  #write() {
    const told = new URLSearchParams();
    if (this.tab !== "open") told.set("tab", this.tab);
    if (this.sort !== "urgency") told.set("sort", this.sort);
    if (this.grade) told.set("grade", this.grade);
    if (this.watch) told.set("watch", this.watch);
    if (this.text) told.set("text", this.text);
    if (this.urgencies.size) told.set("urgency", [...this.urgencies].join(","));
    if (this.incident) told.set("incident", this.incident);
    history.replaceState(null, "", told.size ? `#${told}` : location.pathname + location.search);
  }

  toggle(urgency) {
    const urgencies = new Set(this.urgencies);
    if (!urgencies.delete(urgency)) urgencies.add(urgency);
    this.set({ urgencies });
  }

  get narrowed() {
    return Boolean(this.urgencies.size || this.grade || this.watch || this.text || this.tab !== "open");
  }

  // All but the urgencies: what their chips count.
  roughly(one) {
    if (this.tab !== "open" && tabOf(one) !== this.tab) return false;
    if (this.grade && one.grade !== this.grade) return false;
    if (this.watch && !WATCHES[this.watch](one)) return false;
    return this.text.toLowerCase().split(/\s+/).every((word) => one.hay.includes(word));
  }

  wants(one) {
    return (!this.urgencies.size || this.urgencies.has(one.urgency)) && this.roughly(one);
  }
}
