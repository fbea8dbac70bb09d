// Open incidents on the map. Only what is in view is drawn, and never more than a screen can hold: far out a count for each village, nearer a
// sign for each incident, and a count where signs would lie on each other. What is urgent at once never vanishes in a count: its number stands
// in the ring. No two rings or signs touch.

import { el } from "./dom.js";
import { GRADES } from "./incidents.js";
import { SORTS, by } from "./sift.js";
import { soon } from "./soon.js";
import { ring, signText, symbol } from "./symbols.js";
import { count, t } from "./words.js";

const VILLAGES_BELOW = 13;
const TOWNSHIPS_BELOW = 9.5;
const PIXELS = { far: 54, near: 46 }; // signs nearer than this become a count
const LISTED = 60;
const TURNS = Array.from({ length: 12 }, (_, i) => (i * Math.PI) / 6);

export class Markers {
  #shown = new Map(); // key → marker

  constructor(map, incidents, sift, { open, hover, drawn }) {
    Object.assign(this, { map, incidents, sift, open, hover, drawn });
    this.selected = null;
    this.ended = null; // an incident that is looked at though it is open no longer
    map.createPane("counts").style.zIndex = 600;
    map.createPane("signs").style.zIndex = 620;
    map.on("moveend zoomend resize", () => this.render());
  }

  render = soon(() => this.#draw());

  select(id, ended = null) {
    this.selected = id;
    this.ended = ended;
    this.render();
  }

  // Where signs stand now, and half their size, in pixels of the map's element.
  positions() {
    return [...this.#shown.values()].map((marker) => ({ ...this.map.latLngToContainerPoint(marker.getLatLng()), half: marker.options.icon.options.iconSize[0] / 2 }));
  }

  #draw() {
    const view = this.map.getBounds().pad(0.1), zoom = this.map.getZoom();
    const wished = [...this.incidents.all.values()].filter((one) => this.sift.wants(one));
    const all = [...wished, this.ended].filter((one) => one && one.lat !== null && view.contains([one.lat, one.lon]));
    const wanted = new Map();
    for (const { at, group } of this.#apart(this.#units(all, zoom), zoom)) {
      const [key, make] = group.length === 1 ? this.#single(group[0], at) : this.#several(group, zoom, at);
      wanted.set(key, { make, group });
    }
    for (const [key, marker] of this.#shown) if (!wanted.has(key)) { marker.remove(); this.#shown.delete(key); }
    for (const [key, { make, group }] of wanted) {
      if (!this.#shown.has(key)) this.#shown.set(key, make().addTo(this.map));
      this.#shown.get(key).group = group; // the same numbers may be other incidents
    }
    this.drawn();
  }

  // What is counted together whatever the distance: far out the incidents of one village; the one that is looked at stands alone.
  #units(all, zoom) {
    const level = zoom < TOWNSHIPS_BELOW ? "township" : "village";
    const key = (one) => (zoom < VILLAGES_BELOW && one.id !== this.selected && one[level]?.code) || one.id;
    const units = [...by(all, key).values()].map((group) => ({ at: [mean(group.map((one) => one.lat)), mean(group.map((one) => one.lon))], group }));
    return units.sort((a, b) => b.group.length - a.group.length || (a.group[0].number < b.group[0].number ? -1 : 1));
  }

  // Units so near to one before that their signs would lie on each other join it. A table of squares keeps this quick.
  #apart(units, zoom) {
    const squares = new Map(), kept = [];
    const reach = zoom < VILLAGES_BELOW ? PIXELS.far : PIXELS.near;
    for (const unit of units) {
      const { x, y } = this.map.project(unit.at, zoom);
      const column = Math.floor(x / reach), line = Math.floor(y / reach);
      const around = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].flatMap((dy) => squares.get(`${column + dx}:${line + dy}`) ?? []));
      const alone = unit.group[0].id === this.selected;
      const near = alone ? null : around.find((other) => !other.alone && Math.hypot(other.x - x, other.y - y) < reach);
      if (near) {
        near.group.push(...unit.group);
        continue;
      }
      const fresh = { ...unit, group: [...unit.group], x, y, alone };
      kept.push(fresh);
      const square = `${column}:${line}`;
      squares.set(square, [...(squares.get(square) ?? []), fresh]);
    }
    return this.#aside(kept, reach, zoom);
  }

  // What lies under the chosen sign makes room for it: beside it where nothing else stands, or in the count nearest to it.
  #aside(kept, reach, zoom) {
    const chosen = kept.find((unit) => unit.alone);
    if (!chosen) return kept;
    const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
    const nearest = (to, all) => all.reduce((best, one) => (apart(one, to) < apart(best, to) ? one : best), { x: Infinity, y: 0 });
    const hidden = kept.filter((unit) => !unit.alone && apart(unit, chosen) < reach);
    const stays = kept.filter((unit) => !hidden.includes(unit));
    for (const unit of hidden) {
      const places = TURNS.map((angle) => ({ x: chosen.x + reach * Math.cos(angle), y: chosen.y + reach * Math.sin(angle) }));
      const free = nearest(unit, places.filter((place) => stays.every((other) => apart(other, place) >= reach - 1)));
      if (free.x === Infinity) {
        nearest(unit, stays.filter((other) => !other.alone)).group.push(...unit.group); // twelve places are only full of others
        continue;
      }
      const { lat, lng } = this.map.unproject([free.x, free.y], zoom);
      stays.push({ ...unit, ...free, at: [lat, lng] });
    }
    return stays;
  }

  #single(one, at) {
    const chosen = one.id === this.selected;
    const make = () => {
      const icon = L.divIcon({ className: chosen ? "pin chosen" : "pin", iconSize: [30, 30], html: symbol(one, chosen ? 40 : 30) });
      return this.#known(one, L.marker(at, { pane: "signs", icon, keyboard: false, title: title(one), zIndexOffset: chosen ? 1000 : 0 }));
    };
    return [`${one.id} ${one.revision} ${chosen} ${at}`, make];
  }

  #known(one, marker) {
    return marker.on("click", () => this.open(one.id)).on("mouseover", () => this.hover(one.id, true)).on("mouseout", () => this.hover(one.id, false));
  }

  #several(group, zoom, at) {
    const grades = Object.fromEntries(GRADES.map((grade) => [grade, group.filter((one) => one.grade === grade).length]));
    const urgent = group.filter((one) => one.urgency === "at_once").length;
    const size = ringSize(group.length, urgent, zoom < VILLAGES_BELOW ? PIXELS.far : PIXELS.near);
    const make = () => {
      const icon = L.divIcon({ className: "pin", iconSize: [size, size], html: ring(group.length, grades, urgent, size) });
      const named = t(urgent ? "map.several_urgent" : "map.several", { n: count(group.length), urgent: count(urgent) });
      return L.marker(at, { pane: "counts", icon, keyboard: false, title: named }).on("click", ({ target }) => this.#into(target.group, zoom, at));
    };
    return [`${at} ${size} ${urgent} ${Object.values(grades)}`, make];
  }

  // A count that is asked for: nearer, until its incidents part, or a list of those that share one place.
  #into(group, zoom, at) {
    const bounds = L.latLngBounds(group.map((one) => [one.lat, one.lon]));
    const near = this.map.getBoundsZoom(bounds, false, L.point(80, 80));
    if (zoom < 18 && near > zoom) {
      this.map.flyToBounds(bounds, { padding: [80, 80], maxZoom: 18, duration: 0.4 });
      return;
    }
    const rows = [...group].sort(SORTS.urgency).slice(0, LISTED).map((one) =>
      el("li", {}, el("button", { type: "button", onclick: () => { this.map.closePopup(); this.open(one.id); } }, symbol(one, 22), el("span", {}, one.issue.name), el("small", {}, one.number))),
    );
    const more = group.length > LISTED ? el("p", {}, t("list.more", { n: group.length - LISTED })) : null;
    L.popup({ className: "stacked", maxHeight: 260, autoPan: false }).setLatLng(at).setContent(el("div", {}, el("ul", {}, rows), more)).openOn(this.map);
  }
}

const title = (one) => `${one.number} ${one.issue.name} (${signText(one)})`;
// Wider for more, but never so wide that two counts touch; wide enough for both its numbers.
const ringSize = (n, urgent, most) => Math.round(Math.min(most - 2, Math.max(urgent ? 42 : 30, 28 + 3 * Math.log2(n))));
const mean = (numbers) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
