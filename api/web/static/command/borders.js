// Borders and land under the incidents: each level from its zoom on, only what is in view and a margin around it.

import { ask } from "./ask.js";
import { byId, el } from "./dom.js";
import { box4, inside, within } from "./shapes.js";

const MARGIN = 0.4;
const LABELS = { township: [0, 13.4], village: [12, 15.9], cell: [15, 99] }; // the zooms at which names are written
const WRITTEN = 160;
const LETTER = { township: 8.7, village: 7, cell: 6.5 }; // pixels; a Chinese character is twice as wide
const LINE = 17; // pixels from one line of a name to the next
const LONG = 12; // a name of so many Latin letters may stand on two lines
// A name of which signs and other names would cover more than this part is not written: the pointer tells it, and the next zoom.
const HIDDEN = { township: 0.12, village: 0.01, cell: 0.01 };
// Where a name may go, the nearest to the middle first.
const NUDGES = [-90, -60, -30, 0, 30, 60, 90].flatMap((dx) => [-84, -70, -56, -42, -28, -14, 0, 14, 28, 42, 56, 70, 84].map((dy) => [dx, dy]));
NUDGES.sort((a, b) => Math.hypot(...a) - Math.hypot(...b));

export class Borders {
  #levels;
  #shown = new Map(); // level → { layer, bounds, zoom, features }
  #writing = new Map(); // level → layer of names
  #frame = 0;
  #mark = null;
  #marking = 0;

  // `taken()` answers where signs stand, in pixels of the map, so that names can step aside.
  constructor(map, edition, taken) {
    Object.assign(this, { map, edition, taken });
    this.#levels = map.borders;
    const pane = (name, z) => Object.assign(map.createPane(name).style, { zIndex: z, pointerEvents: "none" });
    // Filled land lowest, then streets and rivers, then lines: the wider the level, the farther up.
    ["ground", "land", "cell", "village", "township", "mark", "names"].forEach((name, i) => pane(name, 370 + 10 * i));
    if (!edition) return;
    this.#land();
    map.on("moveend", () => this.refresh());
    map.on("mousemove", ({ latlng }) => {
      cancelAnimationFrame(this.#frame);
      this.#frame = requestAnimationFrame(() => this.#tell(latlng));
    });
    map.on("mouseout", () => { byId("under").textContent = ""; });
    this.refresh();
  }

  refresh() {
    const zoom = this.map.getZoom();
    for (const level of this.#levels) {
      if (zoom < level.minZoom) this.#drop(level.level);
      else this.#load(level, Math.floor(zoom));
    }
    this.write();
  }

  // The names, once the signs stand.
  write() {
    const taken = this.taken().map(({ x, y, half }) => [x, y, half + 1, half + 1]);
    for (const { level } of this.#levels) this.#write(level, this.map.getZoom(), taken);
  }

  // The border of one area, whatever the zoom: of the incident that is looked at.
  async mark(area, edition) {
    const turn = ++this.#marking;
    this.#mark?.remove();
    this.#mark = null;
    if (!area) return;
    let feature;
    try {
      feature = await ask(`/api/areas/${encodeURIComponent(area)}?edition=${edition}`);
    } catch (fault) {
      console.warn(fault.message); // the incident can be read without it
      return;
    }
    if (turn !== this.#marking) return; // the reader looks at another one, or at none
    this.#mark = L.geoJSON(feature, { pane: "mark", interactive: false, style: { color: "#0b2545", weight: 3, fillColor: "#ffb000", fillOpacity: 0.1 } }).addTo(this.map);
  }

  async #load(style, zoom) {
    const { level } = style;
    const kept = this.#shown.get(level);
    const view = this.map.getBounds();
    if (kept && kept.zoom === zoom && kept.bounds.contains(view)) return;
    const bounds = view.pad(MARGIN);
    const job = { zoom, bounds, layer: kept?.layer };
    this.#shown.set(level, job);
    const { number, seal } = this.edition;
    const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    const limit = [-180, -90, 180, 90];
    const bbox = box.map((n, i) => (i < 2 ? Math.max(n, limit[i]) : Math.min(n, limit[i])).toFixed(4)).join(",");
    let found;
    try {
      found = await ask(`/api/areas?level=${level}&zoom=${zoom}&edition=${number}&seal=${seal}&bbox=${bbox}`);
    } catch (fault) {
      this.#shown.delete(level); // asked again with the next move
      console.warn(fault.message);
      return;
    }
    if (this.#shown.get(level) !== job) return; // the reader has moved on
    const { color, weight, fillColor, fillOpacity } = style;
    const fresh = L.layerGroup([L.geoJSON(found, { pane: level, interactive: false, style: { color, weight, fill: false, lineJoin: "round" } })]);
    if (fillOpacity > 0) fresh.addLayer(L.geoJSON(found, { pane: "ground", interactive: false, style: { stroke: false, fillColor, fillOpacity } }));
    job.layer?.remove();
    job.layer = fresh.addTo(this.map);
    job.features = found.features;
    for (const feature of job.features) feature.bbox = box4(feature.geometry);
    this.write();
  }

  #drop(level) {
    this.#shown.get(level)?.layer?.remove();
    this.#shown.delete(level);
  }

  #write(level, zoom, taken) {
    this.#writing.get(level)?.remove();
    this.#writing.delete(level);
    const [from, to] = LABELS[level];
    const features = this.#shown.get(level)?.features;
    if (!features || zoom < from || zoom > to) return;
    const view = this.map.getBounds().pad(0.05);
    const seen = features.filter(({ properties: { label } }) => view.contains([label[1], label[0]])).slice(0, WRITTEN);
    const names = seen.flatMap((feature) => {
      const { name, code } = feature.properties;
      const found = this.#free(feature, ways(level === "cell" ? code.slice(-3) : name), taken, level);
      if (!found) return [];
      const lines = found.lines.flatMap((line, i) => (i ? [el("br"), line] : [line]));
      return L.marker(found.at, { pane: "names", interactive: false, keyboard: false, icon: L.divIcon({ className: `name ${level}`, iconSize: null, html: el("span", {}, lines) }) });
    });
    this.#writing.set(level, L.layerGroup(names).addTo(this.map));
  }

  // The place inside the area, near its middle, where the name lies on no sign and no other name: on one line, else on two; else where a sign
  // covers next to nothing of it.
  #free({ geometry, properties: { label } }, written, taken, level) {
    const middle = this.map.latLngToContainerPoint([label[1], label[0]]);
    let best = null, least = HIDDEN[level];
    for (const lines of written) {
      const width = (LETTER[level] * Math.max(...lines.map(letters))) / 2, height = (LINE * lines.length) / 2;
      for (const nudge of NUDGES) {
        const at = middle.add(nudge);
        const hidden = taken.reduce((sum, other) => sum + shared(other, [at.x, at.y, width, height]), 0) / (4 * width * height);
        if (hidden >= least) continue;
        const { lat, lng } = this.map.containerPointToLatLng(at);
        if (!inside(lng, lat, geometry)) continue;
        best = { at: [lat, lng], lines, box: [at.x, at.y, width, height] };
        least = hidden;
        if (!hidden) break;
      }
      if (!least) break;
    }
    if (best) taken.push(best.box);
    return best;
  }

  async #land() {
    const styles = {
      street: () => ({ color: "#c9d6e4", weight: 1.4 }),
      barrier: (feature) =>
        feature.geometry.type.endsWith("Polygon")
          ? { color: "#8fc1e3", weight: 1, fillColor: "#b5daf2", fillOpacity: 1 }
          : { color: "#8a9bb0", weight: 2, dashArray: "7 4", lineCap: "butt" },
      bridge: () => ({ color: "#6f8296", weight: 4, lineCap: "butt" }),
    };
    for (const [kind, style] of Object.entries(styles)) {
      try {
        const found = await ask(`/api/land?kind=${kind}`);
        L.geoJSON(found, { pane: "land", interactive: false, style, pointToLayer: (feature, at) => L.circleMarker(at, { pane: "land", radius: 3, ...style(feature) }) }).addTo(this.map);
      } catch (fault) {
        console.warn(fault.message); // the map is usable without its background
      }
    }
  }

  #tell({ lat, lng }) {
    const over = ["township", "village", "cell"].map((level) => {
      const features = this.#shown.get(level)?.features ?? [];
      return features.find(({ bbox, geometry }) => within(lng, lat, bbox) && inside(lng, lat, geometry))?.properties.name;
    });
    byId("under").textContent = over.filter(Boolean).join(" › ");
  }
}

const letters = (text) => text.replace(/[^\x00-\xff]/g, "xx").length;

// The ways to write a name: on one line, and a long one on two, parted at the space nearest its middle.
function ways(name) {
  const spaces = [...name.matchAll(/ /g)].map((found) => found.index);
  if (letters(name) < LONG || !spaces.length) return [[name]];
  const middle = name.length / 2;
  const at = spaces.reduce((a, b) => (Math.abs(b - middle) < Math.abs(a - middle) ? b : a));
  return [[name], [name.slice(0, at), name.slice(at + 1)]];
}

// How much two boxes (middle, half width, half height) share, in square pixels.
function shared([x, y, w, h], [ox, oy, ow, oh]) {
  const wide = Math.min(x + w, ox + ow) - Math.max(x - w, ox - ow), high = Math.min(y + h, oy + oh) - Math.max(y - h, oy - oh);
  return wide > 0 && high > 0 ? wide * high : 0;
}
