// Borders and land under the incidents: each level from its zoom on, only what is in view and a margin around it.

import { ask } from "./ask.js";
import { byId, el } from "./dom.js";
import { facts } from "./words.js";

const MARGIN = 0.4;
const LABELS = { township: [0, 13.4], village: [12, 15.9], cell: [15, 99] }; // the zooms at which names are written
const WRITTEN = 160;

export class Borders {
  #levels;
  #shown = new Map(); // level → { layer, bounds, zoom }
  #writing = new Map(); // level → layer of names
  #over = null; // what the pointer is over, by level
  #mark = null;

  constructor(map, edition) {
    Object.assign(this, { map, edition });
    this.#levels = map.borders;
    const pane = (name, z) => { map.createPane(name).style.zIndex = z; };
    pane("land", 350);
    pane("borders", 380);
    pane("mark", 450);
    pane("names", 460);
    map.getPane("names").style.pointerEvents = "none";
    map.getPane("mark").style.pointerEvents = "none";
    if (!edition) return;
    this.#land();
    map.on("moveend", () => this.refresh());
    map.on("mouseout", () => this.#tell({}));
    this.refresh();
  }

  refresh() {
    const zoom = this.map.getZoom();
    for (const level of this.#levels) {
      if (zoom < level.minZoom) this.#drop(level.level);
      else this.#load(level, Math.floor(zoom));
      this.#write(level.level, zoom);
    }
  }

  // The border of one area, whatever the zoom: of the incident that is looked at.
  async mark(area, edition) {
    this.#mark?.remove();
    this.#mark = null;
    if (!area) return;
    const feature = await ask(`/api/areas/${encodeURIComponent(area)}?edition=${edition}`);
    this.#mark?.remove();
    this.#mark = L.geoJSON(feature, { pane: "mark", interactive: false, style: { color: "#0b2545", weight: 3, fillColor: "#ffb000", fillOpacity: 0.14 } }).addTo(this.map);
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
    const fresh = L.geoJSON(found, {
      pane: "borders",
      bubblingMouseEvents: true,
      style: { color: style.color, weight: style.weight, fill: true, fillColor: style.fillColor, fillOpacity: style.fillOpacity, lineJoin: "round" },
      onEachFeature: (feature, layer) => layer.on("mousemove", () => this.#tell({ ...this.#over, [level]: feature.properties })),
    });
    job.layer?.remove();
    job.layer = fresh.addTo(this.map);
    job.features = found.features;
    this.#stack();
    this.#write(level, this.map.getZoom());
  }

  // The wider the level, the farther up its line; the narrowest takes the pointer from below through bubbling.
  #stack() {
    for (const { level } of [...this.#levels].reverse()) this.#shown.get(level)?.layer?.bringToFront();
  }

  #drop(level) {
    this.#shown.get(level)?.layer?.remove();
    this.#shown.delete(level);
  }

  #write(level, zoom) {
    this.#writing.get(level)?.remove();
    this.#writing.delete(level);
    const [from, to] = LABELS[level];
    const features = this.#shown.get(level)?.features;
    if (!features || zoom < from || zoom > to) return;
    const view = this.map.getBounds().pad(0.05);
    const seen = features.filter(({ properties: { label } }) => view.contains([label[1], label[0]])).slice(0, WRITTEN);
    const names = seen.map(({ properties: { label, name, code } }) =>
      L.marker([label[1], label[0]], {
        pane: "names",
        interactive: false,
        keyboard: false,
        icon: L.divIcon({ className: `name ${level}`, iconSize: null, html: el("span", {}, level === "cell" ? code.slice(-3) : name) }),
      }),
    );
    this.#writing.set(level, L.layerGroup(names).addTo(this.map));
  }

  async #land() {
    const styles = {
      street: { color: "#c9d6e4", weight: 1.4 },
      barrier: { color: "#8fc1e3", weight: 4, fillColor: "#bfe0f3", fillOpacity: 0.9, lineCap: "round" },
      bridge: { color: "#6f8296", weight: 4, lineCap: "butt" },
    };
    for (const [kind, style] of Object.entries(styles)) {
      try {
        const found = await ask(`/api/land?kind=${kind}`);
        L.geoJSON(found, { pane: "land", interactive: false, style, pointToLayer: (_, at) => L.circleMarker(at, { pane: "land", radius: 3, ...style }) }).addTo(this.map);
      } catch (fault) {
        console.warn(fault.message); // the map is usable without its background
      }
    }
  }

  #tell(over) {
    this.#over = over;
    byId("under").textContent = ["township", "village", "cell"].map((level) => over[level]?.name).filter(Boolean).join(" › ");
  }
}

export const edition = facts.edition;
