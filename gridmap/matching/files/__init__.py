"""Files of points, read and written in portions: every row and column is kept, the answers are added."""

from gridmap.matching.files.laying import Pieces
from gridmap.matching.files.opening import check_columns, choose_columns, join_files, open_points, open_writer
from gridmap.matching.files.portion import ADDED, ADDED_SCHEMA, NOTHING, Added, Columns, Matched, Names, PointFile, Portion, Writer, joined
from gridmap.matching.files.table import ColumnNotNumbers, TablePoints, TablePortion, spelled_out

__all__ = [
    "ADDED",
    "ADDED_SCHEMA",
    "NOTHING",
    "Added",
    "ColumnNotNumbers",
    "Columns",
    "Matched",
    "Names",
    "Pieces",
    "PointFile",
    "Portion",
    "TablePoints",
    "TablePortion",
    "Writer",
    "check_columns",
    "choose_columns",
    "join_files",
    "joined",
    "open_points",
    "open_writer",
    "spelled_out",
]
