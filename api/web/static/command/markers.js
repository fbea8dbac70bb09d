// Open incidents on the map. Only what is in view is drawn, and never more than a screen can hold: far out a count for each village, nearer a
// sign for each incident, and a count where signs would lie on each other. What is urgent at once is never inside a count of others.

import { el } from "./dom.js";
import { GRADES } from "./incidents.js";
import { ring, signText, symbol } from "./symbols.js";
import { t } from "./words.js";

const VILLAGES_BELOW = 13;
const TOWNSHIPS_BELOW = 9.5;
const PIXELS = 34; // signs nearer than this become a count
const LISTED = 60;

export class Markers {
  #shown = new Map(); // key → marker
  #frame = 0;

  constructor(map, incidents, sift, { open, hover }) {
    Object.assign(this, { map, incidents, sift, open, hover });
    this.selected = null;
    map.createPane("counts").style.zIndex = 600;
    map.createPane("signs").style.zIndex = 620;
    map.on("moveend zoomend resize", () => this.render());
  }

  render() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  select(id) {
    this.selected = id;
    this.render();
  }

  #draw() {
    const view = this.map.getBounds().pad(0.1), zoom = this.map.getZoom();
    const seen = [...this.incidents.all.values()].filter((one) => one.lat !== null && this.sift.wants(one) && view.contains([one.lat, one.lon]));
    const wanted = new Map();
    for (const group of this.#groups(seen, zoom)) wanted.set(...(group.length === 1 ? this.#single(group[0]) : this.#several(group, zoom)));
    for (const [key, marker] of this.#shown) if (!wanted.has(key)) { marker.remove(); this.#shown.delete(key); }
    for (const [key, make] of wanted) if (!this.#shown.has(key)) this.#shown.set(key, make().addTo(this.map));
  }

  #groups(seen, zoom) {
    const urgent = seen.filter((one) => one.urgency === "at_once" || one.id === this.selected);
    const others = seen.filter((one) => one.urgency !== "at_once" && one.id !== this.selected);
    const area = zoom < TOWNSHIPS_BELOW ? "township" : "village";
    const far = zoom < VILLAGES_BELOW ? (one) => one[area]?.code ?? this.#bin(one, zoom) : (one) => this.#bin(one, zoom);
    const alone = (one) => (one.id === this.selected ? one.id : this.#bin(one, zoom));
    return [...by(others, far), ...by(urgent, alone)];
  }

  #bin(one, zoom) {
    const at = this.map.project([one.lat, one.lon], zoom);
    return `${Math.floor(at.x / PIXELS)}:${Math.floor(at.y / PIXELS)}`;
  }

  #single(one) {
    const chosen = one.id === this.selected;
    const make = () => {
      const icon = L.divIcon({ className: chosen ? "pin chosen" : "pin", iconSize: [30, 30], html: symbol(one, chosen ? 40 : 30) });
      const marker = L.marker([one.lat, one.lon], { pane: "signs", icon, keyboard: false, title: `${one.number} ${one.issue.name} (${signText(one)})`, zIndexOffset: chosen ? 1000 : 0 });
      return marker.on("click", () => this.open(one.id)).on("mouseover", () => this.hover(one.id, true)).on("mouseout", () => this.hover(one.id, false));
    };
    return [`${one.id} ${one.revision} ${chosen}`, make];
  }

  #several(group, zoom) {
    const urgent = group[0].urgency === "at_once";
    const lat = mean(group.map((one) => one.lat)), lon = mean(group.map((one) => one.lon));
    const grades = Object.fromEntries(GRADES.map((grade) => [grade, group.filter((one) => one.grade === grade).length]));
    const size = urgent ? 32 : 30 + Math.min(26, 7 * Math.log2(group.length) - 4);
    const make = () => {
      const sign = urgent ? el("span", { class: "stack" }, symbol(worst(group), 32), el("b", {}, String(group.length))) : ring(group.length, grades, size);
      const icon = L.divIcon({ className: "pin", iconSize: [size, size], html: sign });
      const marker = L.marker([lat, lon], { pane: urgent ? "signs" : "counts", icon, keyboard: false, title: t("map.several", { n: group.length }) });
      return marker.on("click", () => this.#into(group, zoom, [lat, lon]));
    };
    return [`${urgent} ${lat} ${lon} ${Object.values(grades)}`, make];
  }

  // A count that is asked for: nearer, until its incidents part, or a list of those that share one place.
  #into(group, zoom, at) {
    const bounds = L.latLngBounds(group.map((one) => [one.lat, one.lon]));
    const near = this.map.getBoundsZoom(bounds, false, L.point(80, 80));
    if (zoom < 18 && near > zoom) {
      this.map.flyToBounds(bounds, { padding: [80, 80], maxZoom: 18, duration: 0.4 });
      return;
    }
    const rows = group.slice(0, LISTED).map((one) =>
      el("li", {}, el("button", { type: "button", onclick: () => { this.map.closePopup(); this.open(one.id); } }, symbol(one, 22), el("span", {}, one.issue.name), el("small", {}, one.number))),
    );
    const more = group.length > LISTED ? el("p", {}, t("list.more", { n: group.length - LISTED })) : null;
    L.popup({ className: "stacked", maxHeight: 260, autoPan: false }).setLatLng(at).setContent(el("div", {}, el("ul", {}, rows), more)).openOn(this.map);
  }
}

function by(all, key) {
  const groups = new Map();
  for (const one of all) {
    const name = key(one);
    if (groups.has(name)) groups.get(name).push(one);
    else groups.set(name, [one]);
  }
  return groups.values();
}

const mean = (numbers) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
const worst = (group) => group.reduce((a, b) => (GRADES.indexOf(b.grade) > GRADES.indexOf(a.grade) ? b : a));
