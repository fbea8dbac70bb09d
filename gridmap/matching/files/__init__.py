"""Files of points, read and written in portions: every row and column is kept, the answers are added."""

from gridmap.matching.files.opening import check_columns, choose_columns, join_files, open_points, open_writer
from gridmap.matching.files.portion import ADDED, ADDED_SCHEMA, NOTHING, Added, Columns, Matched, PointFile, Portion, Writer
from gridmap.matching.files.table import ColumnNotNumbers, TablePoints, TablePortion

__all__ = [
    "ADDED",
    "ADDED_SCHEMA",
    "NOTHING",
    "Added",
    "ColumnNotNumbers",
    "Columns",
    "Matched",
    "PointFile",
    "Portion",
    "TablePoints",
    "TablePortion",
    "Writer",
    "check_columns",
    "choose_columns",
    "join_files",
    "open_points",
    "open_writer",
]
