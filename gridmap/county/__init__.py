"""A made-up county, complete and drawn from a seed, so that everything can be tried without anybody's data. No place in it exists."""

from gridmap.county.county import County, Feature, make_county
from gridmap.county.examples import write_examples
from gridmap.county.files import write_county
from gridmap.county.reports import UNTIL, make_reports
from gridmap.county.workers import workers, workers_for

__all__ = ["UNTIL", "County", "Feature", "make_county", "make_reports", "workers", "workers_for", "write_county", "write_examples"]
