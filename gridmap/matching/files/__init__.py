"""Files of points, read and written in portions: every row and column is kept, the answers are added."""

from gridmap.matching.files.opening import choose_columns, open_points, open_writer
from gridmap.matching.files.portion import ADDED, Added, Columns, PointFile, Portion, Writer

__all__ = ["ADDED", "Added", "Columns", "PointFile", "Portion", "Writer", "choose_columns", "open_points", "open_writer"]
