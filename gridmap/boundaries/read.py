"""Read one layer of any spatial file that we know, brought to (lon, lat)."""

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
from gridmap.errors import BadInput, FileMissing, FileUnreadable
from gridmap.geometry.geoparquet import find_shapes

UNREADABLE = (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, CRSError)


class SpatialKindUnknown(BadInput):
    """Not a spatial file that we know, or one that is damaged from its first bytes; facts: path."""


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
            if "not recognized as being in a supported" in str(fault):
                raise SpatialKindUnknown(path=path) from fault
            raise FileUnreadable(path=path, reason=str(fault).split("; It might help")[0]) from fault  # what follows is for programmers
        except UnicodeDecodeError as fault:
            raise EncodingWrong(path=path, encoding=fault.encoding) from fault
        except LookupError as fault:  # no encoding of that name
            raise EncodingWrong(path=path, encoding=encoding) from fault
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
        about = find_shapes(file.schema_arrow.metadata, file.schema_arrow.names)
        if about is None:
            raise ShapesMissing(path=path)
        table = file.read()
    except (pyarrow.ArrowException, OSError, ValueError) as fault:
        raise FileUnreadable(path=path, reason=fault) from fault
    if about.encoding != "WKB":
        raise FileUnreadable(path=path, reason=f"geometry encoding {about.encoding} (WKB is read)")
    shapes, mended = _decode(np.array(table[about.name].to_pylist(), dtype=object))
    columns: dict[str, NDArray[Any]] = {}
    for column in table.column_names:
        if column != about.name:
            columns[column] = np.empty(len(table), dtype=object)
            columns[column][:] = table[column].to_pylist()
    return Raw(path.stem, columns, np.arange(len(table)), shapes, mended, about.crs)


def _decode(wkb: NDArray[Any]) -> tuple[Shapes, NDArray[np.bool_]]:
    """Shapes in two dimensions, and which rows had rings that were not closed (they are closed here)."""
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore")
        right = shapely.from_wkb(wkb, on_invalid="ignore")
        mended = np.array([one is None and data is not None for one, data in zip(right, wkb, strict=True)], dtype=bool)
        shapes = right
        if mended.any():
            shapes[mended] = shapely.from_wkb(wkb[mended], on_invalid="fix")
        return (shapely.force_2d(shapes) if (shapely.get_coordinate_dimension(shapes) > 2).any() else shapes), mended
