// Little geometry in degrees for what lies under the pointer. Who owns a point is never decided here: the service does that.

const polygons = (geometry) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates);

export function box4(geometry) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [ring] of polygons(geometry))
    for (const [x, y] of ring) {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    }
  return box;
}

export const within = (x, y, [west, south, east, north]) => west <= x && x <= east && south <= y && y <= north;

// Whether a polygon or multipolygon holds the point: the even-odd rule over all its rings.
export function inside(x, y, geometry) {
  let odd = false;
  for (const rings of polygons(geometry))
    for (const ring of rings)
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const [xi, yi] = ring[i], [xj, yj] = ring[j];
        if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
      }
  return odd;
}
