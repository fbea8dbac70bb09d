"""Spatial files out."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from gridmap.errors import Unavailable

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


class FileUnwritten(Unavailable):
    """A spatial file could not be written, most often because the disk is full or the folder is closed; facts: path, reason."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what GDAL says of a file that it cannot write into a sentence: FileUnwritten."""
    try:
        yield
    except (DataLayerError, DataSourceError) as fault:
        raise FileUnwritten(path=path, reason=fault) from fault


def write_layers(path: str | Path, layers: "Mapping[str, GeoDataFrame]") -> None:
    """Write a GeoPackage with these layers, in their order; an older file at `path` is replaced only once the new one is whole.

    FileUnwritten.
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.stem}.unfinished.gpkg")
    unfinished.unlink(missing_ok=True)
    try:
        with writing(path):
            for name, frame in layers.items():
                pyogrio.write_dataframe(frame, unfinished, layer=name, driver="GPKG", append=unfinished.exists())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
