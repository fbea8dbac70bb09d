// The village on the map: cells, households, borders, what is chosen, and the line that is being drawn.

import { inside } from "../command/shapes.js";

const TINTS = ["#dceaf8", "#e7f3e4", "#fdf1d6", "#efe6fb", "#fde4dc", "#ddf1f1"];
const GRAB = 14; // pixels: how near to a border the pointer takes hold of it
const REACH = 34; // pixels of border, on either side of where it is held, that a drag draws anew
const DRAWN = { pane: "drawn", interactive: false, color: "#c77700", weight: 3, dashArray: "6 4" };

export class Drawing {
  #layers = L.layerGroup();
  #line = null;
  #spot = null;

  constructor(map, village) {
    Object.assign(this, { map, village });
    ["cells", "arcs", "homes", "names", "drawn"].forEach((name, at) => Object.assign(map.createPane(name).style, { zIndex: 400 + 10 * at }));
    for (const pane of ["arcs", "homes", "names", "drawn"]) map.getPane(pane).style.pointerEvents = "none";
    // Made once: a canvas stays on the map after what was drawn on it is gone.
    this.ink = { cells: L.canvas({ pane: "cells", padding: 0.5 }), homes: L.canvas({ pane: "homes", padding: 0.5 }) };
    this.#layers.addTo(map);
  }

  // Everything anew; `chosen` is a cell's code, `selected` ids of households, `tool` what is in hand.
  draw({ chosen, selected, tool }) {
    const { told } = this.village;
    this.#layers.clearLayers();
    const wrong = new Set(told.findings.filter((found) => found.severity !== "note").map((found) => found.area));
    const add = (layer) => this.#layers.addLayer(layer);
    add(L.geoJSON(told.beside, { pane: "cells", renderer: this.ink.cells, interactive: false, style: { color: "#b9c6d4", weight: 1, fillColor: "#eef2f6", fillOpacity: 0.6 } }));
    told.cells.forEach((cell, at) => {
      const bad = wrong.has(cell.id), mine = cell.id === chosen;
      const style = { color: bad ? "#b3261e" : mine ? "#0b2545" : "#4a86c5", weight: mine ? 4 : bad ? 3 : 1.5, fillColor: TINTS[at % TINTS.length], fillOpacity: mine ? 0.95 : 0.7, dashArray: this.village.row(cell.id).locked ? "2 7" : null };
      add(L.geoJSON(cell, { pane: "cells", renderer: this.ink.cells, interactive: false, style }));
    });
    if (tool === "border") for (const arc of this.village.inner) add(L.polyline(arc.line.map(turn), { pane: "arcs", interactive: false, color: "#c77700", weight: 3 }));
    for (const [id, lon, lat, count] of told.households ?? []) {
      const on = selected.has(id);
      add(L.circleMarker([lat, lon], { pane: "homes", renderer: this.ink.homes, interactive: false, radius: 2 + Math.min(6, Math.sqrt(count)), color: on ? "#7a1f6b" : "#14263d", weight: 1, fillColor: on ? "#e05ccb" : "#5f7590", fillOpacity: 0.9 }));
    }
    for (const { properties: { code, label } } of told.cells) {
      const text = document.createElement("span");
      const { households, locked } = this.village.row(code);
      text.textContent = households === null ? code.slice(-3) : `${code.slice(-3)} · ${households}`;
      if (locked) text.className = "lock";
      add(L.marker([label[1], label[0]], { pane: "names", interactive: false, keyboard: false, icon: L.divIcon({ className: "cell-name", iconSize: null, html: text }) }));
    }
  }

  // The line or outline that is being drawn, as [lon, lat] corners; none takes it away.
  sketch(corners, closed = false) {
    this.#line?.remove();
    this.#line = corners.length ? (closed ? L.polygon : L.polyline)(corners.map(turn), { ...DRAWN, fill: closed, fillOpacity: 0.1 }).addTo(this.map) : null;
  }

  // A place to look at.
  point(place) {
    this.#spot?.remove();
    this.#spot = place && L.circleMarker([place.lat, place.lon], { pane: "drawn", interactive: false, radius: 14, color: "#b3261e", weight: 4, fill: false }).addTo(this.map);
    if (place && !this.map.getBounds().contains([place.lat, place.lon])) this.map.panTo([place.lat, place.lon], { animate: false });
  }

  cellAt({ lng, lat }) {
    return this.village.told.cells.find((cell) => inside(lng, lat, cell.geometry))?.id ?? null;
  }

  homesIn(corners) {
    const ring = { type: "Polygon", coordinates: [[...corners, corners[0]]] };
    return (this.village.told.households ?? []).filter(([, lon, lat]) => inside(lon, lat, ring)).map(([id]) => id);
  }

  // The households of a cell, those first that are nearest to its border with another one.
  nearest(code, other) {
    const lines = this.village.inner.filter((arc) => [arc.left, arc.right].sort().join() === [code, other].sort().join()).map((arc) => arc.line.map((at) => this.#pixel(at)));
    const away = ([, lon, lat]) => Math.min(...lines.map((line) => nearestOn(line, this.#pixel([lon, lat])).away));
    return this.village.homes(code).map((home) => [away(home), home]).sort((a, b) => a[0] - b[0]).map(([, home]) => home);
  }

  // Where a border is held at a point of the map's container: the cells, and the two corners between which a drag draws it anew.
  grab(point) {
    const held = this.#held(point);
    if (!held || held.away > GRAB) return null;
    const { arc, pixels, at } = held;
    let from = at, to = at + 1;
    while (from > 0 && apart(pixels[from], point) < REACH) --from;
    while (to < pixels.length - 1 && apart(pixels[to], point) < REACH) ++to;
    return { cells: [arc.left, arc.right], start: arc.line[from], end: arc.line[to] };
  }

  // The corner of a border nearest to a place: of any, or of the border of these cells.
  corner({ lng, lat }, cells = null) {
    const at = this.#pixel([lng, lat]);
    const arcs = this.village.inner.filter((arc) => !cells || (arc.left === cells[0] && arc.right === cells[1]));
    const all = arcs.flatMap((arc) => arc.line.map((corner) => ({ corner, cells: [arc.left, arc.right], away: apart(this.#pixel(corner), at) })));
    return all.sort((a, b) => a.away - b.away)[0] ?? null;
  }

  #held(point) {
    const found = this.village.inner.map((arc) => {
      const pixels = arc.line.map((corner) => this.#pixel(corner));
      return { arc, pixels, ...nearestOn(pixels, point) };
    });
    return found.sort((a, b) => a.away - b.away)[0];
  }

  #pixel([lon, lat]) {
    return this.map.latLngToContainerPoint([lat, lon]);
  }
}

const turn = ([lon, lat]) => [lat, lon];
const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

// How far a point is from a line in pixels, and from which of its straight bits.
function nearestOn(line, point) {
  let best = { away: Infinity, at: 0 };
  for (let at = 0; at + 1 < line.length; ++at) {
    const [a, b] = [line[at], line[at + 1]], dx = b.x - a.x, dy = b.y - a.y;
    const share = Math.min(1, Math.max(0, ((point.x - a.x) * dx + (point.y - a.y) * dy) / (dx * dx + dy * dy || 1)));
    const away = Math.hypot(point.x - a.x - share * dx, point.y - a.y - share * dy);
    if (away < best.away) best = { away, at };
  }
  return best;
}
