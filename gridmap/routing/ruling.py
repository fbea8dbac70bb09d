"""What somebody ruled about one incident, as a rule that would have said it: proposed as narrow as it can be, for a person to accept."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gridmap.catalogue import By, IssueType, Rule
from gridmap.duty import Weekday
from gridmap.grid import LEVELS, Level
from gridmap.routing.desks import Desks, grounds

RANKS = (100, 10, 1)
"""A rule's usual rank first; one that stands before others only where it must."""


def as_rule(desks: Desks, issue: IssueType, path: Sequence[str], office: str, on: Weekday | None = None) -> Rule | None:
    """The rule that would send such a matter of this village to the office; None where one does already, or none could.

    The village, because a cell does not outlive the next redraw, and a wider area was not spoken of.
    """
    if desks.route(issue, path, on).office == office:
        return None
    for rule in _candidates(desks, issue, path, office):
        if replace(desks, rules=(*desks.rules, rule)).route(issue, path, on).office == office:
            return rule
    return None


def _candidates(desks: Desks, issue: IssueType, path: Sequence[str], office: str) -> Iterator[Rule]:
    """By the ground on which the office is competent anyway, where it is by any; then by the one that is tried first."""
    named = {rule.by for rule in desks.rules if rule.office == office}
    by_ground = sorted(grounds(issue), key=lambda by: by not in named)
    levels = dict(zip(LEVELS, path, strict=False))
    areas = [levels[level] for level in (Level.VILLAGE, Level.CELL, Level.TOWNSHIP) if level in levels]
    for by in dict.fromkeys((*by_ground, *By)):
        for area in areas:
            for rank in RANKS:
                yield Rule(office, issue.code, by, None, area, rank)
