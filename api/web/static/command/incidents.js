// What is open now, kept in step with the service: loaded by pages, then changed by events. Tells of changes once per frame.

import { ask } from "./ask.js";
import { soon } from "./soon.js";

export const ENDED = ["closed", "voided"];

const PAGE = 1000;
const MOST = 10000;

export const URGENCIES = ["at_once", "today", "soon", "routine"];
export const GRADES = ["general", "complex", "difficult"];

export class Incidents extends EventTarget {
  all = new Map(); // id → what is known of it, flat
  gone = new Map(); // id → the revision that closed it: an older page of the list must not bring it back
  cursor = 0;
  whole = false; // every page came
  more = false; // more are open than are kept here
  #changes = new Map();

  async load() {
    const before = [...this.all.keys()]; // what comes by an event meanwhile stays
    const found = new Set();
    let next = `/api/incidents?limit=${PAGE}`;
    let first = true;
    while (next && found.size < MOST) {
      const page = await ask(next);
      if (first) this.cursor = page.cursor;
      first = false;
      for (const feature of page.features) {
        found.add(feature.id);
        this.#keep(read(feature), "loaded"); // page by page: the newest are seen while the others come
      }
      const link = page.links.find((one) => one.rel === "next");
      next = link ? new URL(link.href).pathname + new URL(link.href).search : null;
    }
    this.more = Boolean(next);
    for (const id of before) if (!found.has(id)) this.#drop(id);
    this.whole = true;
    this.#tell("", "loaded"); // an empty list is told, too
  }

  put(feature) {
    const one = read(feature);
    if (ENDED.includes(one.state)) {
      this.gone.set(one.id, one.revision);
      this.#drop(one.id);
      return;
    }
    this.#keep(one, this.all.has(one.id) ? "changed" : "new");
  }

  clear() {
    for (const id of [...this.all.keys()]) this.#drop(id);
  }

  #keep(one, how) {
    if ((this.gone.get(one.id) ?? 0) >= one.revision || (this.all.get(one.id)?.revision ?? 0) > one.revision) return;
    this.all.set(one.id, one);
    this.#tell(one.id, how);
  }

  #drop(id) {
    if (this.all.delete(id)) this.#tell(id, "gone");
  }

  #tell(id, how) {
    this.#changes.set(id, how);
    this.#flush();
  }

  #flush = soon(() => {
    const changes = this.#changes;
    this.#changes = new Map();
    this.dispatchEvent(new CustomEvent("change", { detail: changes }));
  });
}

function read(feature) {
  const { geometry, properties } = feature;
  const one = { id: feature.id, ...properties, lon: geometry?.coordinates[0] ?? null, lat: geometry?.coordinates[1] ?? null };
  const names = [one.township, one.village, one.cell].filter(Boolean);
  one.hay = [one.number, one.issue.name, one.place, one.text, one.worker ?? "", ...names.flatMap((area) => [area.name, area.code])].join("\n").toLowerCase();
  return one;
}
