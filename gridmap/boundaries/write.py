"""Spatial files out."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def write_layers(path: str | Path, layers: "Mapping[str, GeoDataFrame]") -> None:
    """Write a GeoPackage with these layers, in their order; an older file at `path` is replaced only once the new one is whole."""
    path = Path(path)
    unfinished = path.with_name(f".{path.stem}.unfinished.gpkg")
    unfinished.unlink(missing_ok=True)
    try:
        for name, frame in layers.items():
            pyogrio.write_dataframe(frame, unfinished, layer=name, driver="GPKG", append=unfinished.exists())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
