"""Files of points, read and written in portions: every row and column is kept, the answers are added."""

from gridmap.matching.files.opening import check_columns, choose_columns, join_files, open_points, open_writer
from gridmap.matching.files.portion import ADDED, NOTHING, Added, Columns, Matched, PointFile, Portion, Writer

__all__ = [
    "ADDED",
    "NOTHING",
    "Added",
    "Columns",
    "Matched",
    "PointFile",
    "Portion",
    "Writer",
    "check_columns",
    "choose_columns",
    "join_files",
    "open_points",
    "open_writer",
]
