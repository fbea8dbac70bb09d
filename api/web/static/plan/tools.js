// What is done upon the map with a pointer or with the keys: a lasso, a line that splits, a border that is dragged. Each ends as corners in
// degrees that are handed on; nothing is decided here.
// By keys: arrows move the map under the cross in its middle, Space sets a corner there, Enter ends, Escape stops.

const MOVED = 6; // pixels: less is a click

export class Tools {
  tool = null;
  #corners = [];
  #held = null;
  #down = null;
  #dragged = false; // also where the pointer has come back to where it was pressed

  // `done` takes what was drawn: { lasso(corners), split(corners), border(cells, line), pick(code), changed() }.
  constructor(drawing, done) {
    Object.assign(this, { drawing, map: drawing.map, done });
    const box = this.map.getContainer();
    box.addEventListener("pointerdown", (event) => this.#press(event));
    box.addEventListener("pointermove", (event) => this.#drag(event));
    box.addEventListener("pointerup", (event) => this.#release(event));
    box.addEventListener("pointercancel", () => this.stop());
    box.addEventListener("keydown", (event) => this.#key(event));
  }

  take(tool) {
    this.#clear();
    this.tool = this.tool === tool ? null : tool;
    this.map.dragging[this.tool ? "disable" : "enable"]();
    this.done.changed();
    if (this.tool) this.map.getContainer().focus({ preventScroll: true });
  }

  stop() {
    if (this.tool) this.take(this.tool);
  }

  #clear() {
    this.#corners = [];
    this.#held = this.#down = null;
    this.drawing.sketch([]);
  }

  #at(event) {
    const { left, top } = this.map.getContainer().getBoundingClientRect();
    return L.point(event.clientX - left, event.clientY - top);
  }

  #place(point) {
    const { lng, lat } = this.map.containerPointToLatLng(point);
    return [lng, lat];
  }

  #press(event) {
    if (event.button || event.target.closest(".leaflet-control")) return;
    this.#down = this.#at(event);
    this.#dragged = false;
    if (!this.tool) return;
    event.preventDefault();
    this.map.getContainer().focus({ preventScroll: true });
    this.map.getContainer().setPointerCapture(event.pointerId);
    if (this.tool === "border" && !this.#corners.length) this.#held = this.drawing.grab(this.#down);
  }

  #drag(event) {
    if (!this.#down) return;
    this.#dragged ||= this.#down.distanceTo(this.#at(event)) > MOVED;
    if (!this.tool) return;
    const at = this.#place(this.#at(event));
    if (this.tool === "lasso") for (const each of event.getCoalescedEvents()) this.#path(this.#place(this.#at(each)));
    if (this.#held) this.drawing.sketch([this.#held.start, at, this.#held.end]);
    else if (this.tool === "lasso") this.drawing.sketch(this.#path(at), true);
    else if (this.tool === "split") this.drawing.sketch([...this.#corners, this.#place(this.#down), at]);
  }

  // A lasso follows the pointer, wherever it was between two frames of a browser that is slow.
  #path(at) {
    const last = this.#corners.at(-1);
    const far = !last || this.map.latLngToContainerPoint([last[1], last[0]]).distanceTo(this.map.latLngToContainerPoint([at[1], at[0]])) > 4;
    if (far) this.#corners.push(at);
    return this.#corners;
  }

  #release(event) {
    const down = this.#down, at = this.#at(event);
    this.#down = null;
    if (!down) return;
    const dragged = this.#dragged || down.distanceTo(at) > MOVED;
    if (!this.tool) {
      if (!dragged) this.done.pick(this.drawing.cellAt(this.map.containerPointToLatLng(at)));
    } else if (this.#held && dragged) {
      const { cells, start, end } = this.#held;
      this.#finish("border", cells, [start, this.#place(at), end]);
    } else if (this.tool === "lasso" && dragged) {
      this.#path(this.#place(at));
      this.end();
    } else if (this.tool === "split" && dragged) {
      this.#corners.push(this.#place(down), this.#place(at));
      this.end();
    } else this.#set(this.map.containerPointToLatLng(at));
    this.#held = null;
  }

  // One corner; a border begins upon one.
  #set(latlng) {
    if (this.tool === "border" && !this.#corners.length) {
      const first = this.drawing.corner(latlng);
      if (!first) return;
      this.cells = first.cells;
      this.#corners = [first.corner];
    } else this.#corners.push([latlng.lng, latlng.lat]);
    this.drawing.sketch(this.#corners, this.tool === "lasso");
  }

  end() {
    const corners = this.#corners;
    if (corners.length < (this.tool === "lasso" ? 3 : 2)) return;
    if (this.tool === "border") {
      const [lng, lat] = corners.at(-1);
      const last = this.drawing.corner({ lng, lat }, this.cells).corner;
      return this.#finish("border", this.cells, [...corners.slice(0, -1), last]);
    }
    this.#finish(this.tool, corners);
  }

  #finish(tool, ...drawn) {
    this.stop();
    this.done[tool](...drawn);
  }

  #key(event) {
    if (!this.tool || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") this.#set(this.map.getCenter());
    else if (event.key === "Enter") this.end();
    else return;
    event.preventDefault();
  }
}
