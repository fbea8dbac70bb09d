"""Datums, metres, shapes in and out. The only room that names an EPSG code; points are always (lon, lat)."""
