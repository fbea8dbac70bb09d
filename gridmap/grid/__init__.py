"""The nouns of the land, frozen."""

from gridmap.grid.area import LEVELS, Area, Level
from gridmap.grid.edition import Edition, EditionHead
from gridmap.grid.finding import Finding, Severity
from gridmap.grid.household import Households
from gridmap.grid.match import Candidate, How, Match

__all__ = ["LEVELS", "Area", "Candidate", "Edition", "EditionHead", "Finding", "Households", "How", "Level", "Match", "Severity"]
