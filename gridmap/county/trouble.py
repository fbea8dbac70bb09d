"""What goes wrong with reports in life, put into made-up ones: each is accepted, few of them can be matched."""

from collections.abc import Callable
from dataclasses import replace

from numpy.random import Generator

from gridmap.incidents import Report

Bounds = tuple[float, float, float, float]

UNKNOWN_ISSUE = "GM-X9901"
"""A kind that no catalogue holds."""


def trouble(report: Report, bounds: Bounds, rng: Generator) -> Report:
    """The report, or (one in twenty-five) the same report with something amiss."""
    at = rng.random()
    for share, mishap in MISHAPS:
        if at < share:
            return mishap(report, bounds, rng)
        at -= share
    return report


def _words_only(report: Report, _bounds: Bounds, _rng: Generator) -> Report:
    place = report.place or report.text.partition("。")[0]
    return replace(report, lon=None, lat=None, datum="", accuracy_m=None, place=place)


def _beyond(report: Report, bounds: Bounds, rng: Generator) -> Report:
    """Well outside the county, to the east or west of it."""
    west, _, east, _ = bounds
    away = 0.05 + 0.4 * rng.random()
    return replace(report, lon=round(east + away if rng.random() < 0.5 else west - away, 6))


def _zeros(report: Report, _bounds: Bounds, _rng: Generator) -> Report:
    return replace(report, lon=0.0, lat=0.0)


def _exchanged(report: Report, _bounds: Bounds, _rng: Generator) -> Report:
    return replace(report, lon=report.lat, lat=report.lon)


def _coarse(report: Report, _bounds: Bounds, rng: Generator) -> Report:
    """A phone that asked a mast instead of satellites: 150 to 3,000 m."""
    return replace(report, accuracy_m=float(round(150 * 20 ** rng.random())))


def _unknown_issue(report: Report, _bounds: Bounds, _rng: Generator) -> Report:
    return replace(report, issue=UNKNOWN_ISSUE)


MISHAPS: tuple[tuple[float, Callable[[Report, Bounds, Generator], Report]], ...] = (
    (0.020, _words_only),
    (0.010, _beyond),
    (0.0015, _zeros),
    (0.0015, _exchanged),
    (0.006, _coarse),
    (0.003, _unknown_issue),
)
"""How often each happens."""
