"""Read one layer of any spatial file that we know, brought to (lon, lat)."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet as pq
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from gridmap.boundaries.place import to_known_place
from gridmap.boundaries.sources import choose_encoding, find_source
from gridmap.boundaries.table import EncodingWrong, LayerNeeded, Raw, ReadOptions, Shapes, ShapesMissing, Table
from gridmap.errors import FileMissing, FileUnreadable

UNREADABLE = (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, CRSError)


def read_table(path: str | Path, options: ReadOptions | None = None) -> Table:
    """One layer of a GeoPackage, GeoJSON, TopoJSON, GeoParquet or Shapefile (zipped or not), shapes in EPSG:4326 (lon, lat).

    FileMissing, FileUnreadable, ShapesMissing, LayerNeeded, EncodingWrong, CrsUnknown or one of the CrsNeeded family say what to do.
    """
    path, options = Path(path), options or ReadOptions()
    raw = _read_parquet(path) if path.suffix.lower() in (".parquet", ".geoparquet", ".pq") else _read_gdal(path, options)
    if not len(raw.shapes):
        raise ShapesMissing(path=path)
    shapes, crs, notes = to_known_place(path, raw, options)
    return Table(path, raw.layer, raw.columns, raw.fids, shapes, raw.mended, crs, (*raw.findings, *notes))


def _read_gdal(path: Path, options: ReadOptions) -> Raw:
    source = find_source(path)
    encoding, notes = choose_encoding(source, options.encoding)
    with warnings.catch_warnings():
        # What GDAL warns of (rings not closed, odd winding) is found again in the shapes themselves, with a place.
        warnings.simplefilter("ignore")
        try:
            layer = _choose_layer(path, source.opened, options.layer)
            meta, fids, wkb, columns = pyogrio.raw.read(source.opened, layer=layer, encoding=encoding, return_fids=True)
        except UNREADABLE as fault:
            raise FileUnreadable(path=path, reason=str(fault).split("; It might help")[0]) from fault  # what follows is for programmers
        except UnicodeDecodeError as fault:
            raise EncodingWrong(path=path, encoding=fault.encoding) from fault
    shapes, mended = _decode(wkb)
    return Raw(layer, dict(zip(meta["fields"].tolist(), columns, strict=True)), fids, shapes, mended, meta["crs"], notes)


def _choose_layer(path: Path, opened: str, wanted: str | None) -> str:
    """The layer with shapes that was named, or the only one."""
    layers = [str(name) for name, kind in pyogrio.list_layers(opened).tolist() if kind is not None]
    if not layers:
        raise ShapesMissing(path=path)
    if wanted in layers:
        return str(wanted)
    if wanted is not None or len(layers) > 1:
        raise LayerNeeded(path=path, layers=", ".join(layers))
    return layers[0]


def _read_parquet(path: Path) -> Raw:
    """GeoParquet: WKB, and the coordinate system as PROJJSON in the metadata; one that says none is (lon, lat) by its standard."""
    if not path.exists():
        raise FileMissing(path=path)
    try:
        file = pq.ParquetFile(path)
        geo = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
        if "primary_column" not in geo:
            raise ShapesMissing(path=path)
        table = file.read()
    except (pyarrow.ArrowException, OSError, ValueError) as fault:
        raise FileUnreadable(path=path, reason=fault) from fault
    name = geo["primary_column"]
    about = geo["columns"][name]
    if about.get("encoding") != "WKB":
        raise FileUnreadable(path=path, reason=f"geometry encoding {about.get('encoding')} (WKB is read)")
    shapes, mended = _decode(np.array(table[name].to_pylist(), dtype=object))
    columns: dict[str, NDArray[Any]] = {}
    for column in table.column_names:
        if column not in geo["columns"]:
            columns[column] = np.empty(len(table), dtype=object)
            columns[column][:] = table[column].to_pylist()
    crs = json.dumps(about["crs"]) if about.get("crs") else None
    if "crs" not in about:
        crs = "OGC:CRS84"
    return Raw(path.stem, columns, np.arange(len(table)), shapes, mended, crs)


def _decode(wkb: NDArray[Any]) -> tuple[Shapes, NDArray[np.bool_]]:
    """Shapes in two dimensions, and which rows had rings that were not closed (they are closed here)."""
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore")
        right = shapely.from_wkb(wkb, on_invalid="ignore")
        mended = np.array([one is None and data is not None for one, data in zip(right, wkb, strict=True)], dtype=bool)
        shapes = right
        if mended.any():
            shapes[mended] = shapely.from_wkb(wkb[mended], on_invalid="fix")
        return shapely.force_2d(shapes), mended
