"""Match the points of a PostgreSQL table to a file of areas: out and in by COPY, in one transaction."""

from pathlib import Path

from gridmap.flows.match_file import MatchedFile, Matcher, MatchOptions, Tally, matched_by
from gridmap.flows.place_points import Watch, portions_in_degrees, read_areas, unwatched
from gridmap.grid.index.cores import in_order
from gridmap.matching import CoverageIndex
from gridmap.matching.files import choose_columns
from gridmap.store.point_tables import TableAsked, matched_table


def match_table(asked: TableAsked, areas: Path, options: MatchOptions, *, watch: Watch = unwatched) -> MatchedFile:
    """Make the table `asked.target` of the key of each row of `asked.source` and whose it is.

    The rows are those that are there when it begins; the new table appears whole, or not at all. Refuses as `store.point_tables` and
    `match_file`.
    """
    codes, shapes = read_areas(areas, options)
    matcher = Matcher.of(codes, CoverageIndex(list(shapes)), options)
    tally = Tally.of(())
    with matched_table(asked) as (table, write), watch(table.rows) as advance:
        columns = choose_columns(table, Path(asked.source), options.lon, options.lat)
        for one in in_order(portions_in_degrees(table, columns, options), matcher):
            write(one.portion, one.matched)
            tally.count(one)
            advance(len(one.matched.how))
    return matched_by(Path(asked.target), tally, columns, table.notes)
