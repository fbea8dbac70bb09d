"""When too much falls to the backstop: a share that jumps says that rules were lost, or that something came which none names.

A week's share alarms against the WEEKS before it when there were at least ENOUGH reports in the week and before it, the share is POINTS
higher, and that is more than chance: the lower bound of the difference (Newcombe's hybrid of Wilson's bounds, one-sided 99.9 %: Statistics
in Medicine 17, 1998, method 10) lies above 0.
"""

from dataclasses import dataclass

import numpy as np

from gridmap.routing.learn import wilson_lower

WEEKS = 4
ENOUGH = 20
POINTS = 0.10
Z = 3.0902  # one-sided 99.9 %: a county looks at hundreds of shares a year


@dataclass(frozen=True, slots=True)
class Fallen:
    """Of `routed` reports so many fell to the centre of the territory because nobody else is named."""

    routed: int = 0
    backstop: int = 0

    def __add__(self, other: "Fallen") -> "Fallen":
        return Fallen(self.routed + other.routed, self.backstop + other.backstop)

    @property
    def share(self) -> float | None:
        """None of none: no share is no share of 0."""
        return self.backstop / self.routed if self.routed else None


def jumped(week: Fallen, before: Fallen) -> bool:
    """Whether the week's share alarms against that of the weeks before."""
    if min(week.routed, before.routed) < ENOUGH or week.share is None or before.share is None:
        return False
    shares, numbers = np.array([week.share, 1 - before.share]), np.array([float(week.routed), float(before.routed)])
    lower, one_less_upper = wilson_lower(shares, numbers, Z).tolist()
    doubt = float(np.hypot(week.share - lower, 1 - one_less_upper - before.share))
    return week.share - before.share >= POINTS and week.share - before.share > doubt
