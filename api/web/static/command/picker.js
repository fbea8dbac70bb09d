// A place is chosen with a click on the map, or its middle with a key; whose land it is is told at once.

import { ask } from "./ask.js";
import { byId, el } from "./dom.js";
import { t } from "./words.js";

export class Picker {
  at = null; // { lon, lat } in WGS84 degrees
  #on = false;
  #pin = null;
  #turn = 0;
  #told = null;

  constructor(map) {
    this.map = map;
    map.on("click", (event) => this.#on && this.#pick(event.latlng));
  }

  // Nothing is chosen yet; `nodes` are new: what was chosen (`hint` until then), and the button for those who move the map by its keys.
  clear(hint = t("report.pick")) {
    ++this.#turn;
    this.#pin?.remove();
    this.at = this.#pin = null;
    this.#told = el("p", { class: "point", role: "status" }, hint);
    this.nodes = [this.#told, el("button", { class: "button small", type: "button", onclick: () => this.#pick(this.#middle()) }, t("report.middle"))];
  }

  start() {
    this.#on = true;
    this.#pin?.addTo(this.map);
    byId("panel").classList.add("low"); // on a small screen the map needs the upper half
    byId("picking").hidden = false;
    this.map.getContainer().classList.add("picks");
  }

  stop() {
    if (!this.#on) return;
    this.#on = false;
    this.#pin?.remove();
    byId("panel").classList.remove("low");
    byId("picking").hidden = true;
    this.map.getContainer().classList.remove("picks");
  }

  async #pick({ lat, lng }) {
    const turn = ++this.#turn, told = this.#told;
    this.at = { lon: Number(lng.toFixed(7)), lat: Number(lat.toFixed(7)) };
    this.#pin?.remove();
    this.#pin = L.marker([lat, lng], { pane: "signs", zIndexOffset: 2000, icon: L.divIcon({ className: "picked", iconSize: [26, 26], html: el("i") }), keyboard: false, interactive: false }).addTo(this.map);
    const shown = `${this.at.lon.toFixed(5)}, ${this.at.lat.toFixed(5)}`;
    told.textContent = shown;
    try {
      const found = await ask(`/api/match?lon=${this.at.lon}&lat=${this.at.lat}&datum=wgs84`);
      if (turn !== this.#turn) return;
      const names = ["township", "village", "cell"].map((level) => found[level]?.name).filter(Boolean);
      told.replaceChildren(el("b", {}, names.length ? names.join(" › ") : t("report.outside")), el("small", {}, shown));
    } catch (fault) {
      if (turn === this.#turn) told.textContent = `${shown}: ${fault.message}`;
    }
  }

  // The middle of what the panel leaves of the map.
  #middle() {
    const { x, y } = this.map.getSize(), panel = byId("panel"), aside = panel.offsetWidth < x / 2 ? panel.offsetWidth : 0;
    return this.map.containerPointToLatLng([(x - aside) / 2, y / 2]);
  }
}
