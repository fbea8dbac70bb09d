"""Where: the one area that owns a point, how sure that is, and how far the border."""

from gridmap.matching.coverage import DEFAULT_ACCURACY_M, HOWS, CoverageIndex, Matches
from gridmap.matching.edition_index import EditionIndex, find, find_many, index_of

__all__ = ["DEFAULT_ACCURACY_M", "HOWS", "CoverageIndex", "EditionIndex", "Matches", "find", "find_many", "index_of"]
