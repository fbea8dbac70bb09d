"""A made-up county, complete and drawn from a seed, so that everything can be tried without anybody's data. No place in it exists."""

from gridmap.county.county import County, Feature, make_county

__all__ = ["County", "Feature", "make_county"]
