"""Spatial files in and out: areas with their faults, households, lines of the land. Shapes are always (lon, lat) in EPSG:4326."""

from gridmap.boundaries.coverage import read_coverage
from gridmap.boundaries.households import HouseholdColumns, HouseholdFile, read_households
from gridmap.boundaries.land import LandFile, read_land, read_lines
from gridmap.boundaries.read import read_table
from gridmap.boundaries.table import ReadOptions, Table
from gridmap.boundaries.write import write_layers

__all__ = [
    "HouseholdColumns",
    "HouseholdFile",
    "LandFile",
    "ReadOptions",
    "Table",
    "read_coverage",
    "read_households",
    "read_land",
    "read_lines",
    "read_table",
    "write_layers",
]
