"""About how many households a cell should have, by the kind of its village: a county's decision, within the bounds that hold for all."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gridmap.errors import BadInput


class CutTarget(BadInput):
    """A target lies outside the bounds; facts: kind, target, low, high."""


class VillageKind(StrEnum):
    """Who governs a village."""

    TOWN = "town"  # a residents' committee (居委会)
    RURAL = "rural"  # a villagers' committee (村委会)


def kind_of(village: str) -> VillageKind | None:
    """The kind that a village's statistical code tells by its last three of twelve digits: 001 to 199 are residents' committees, 200 to 399
    villagers' committees (National Bureau of Statistics, rules for division and urban-rural codes). None for any other code."""
    if len(village) != 12 or not (village.isascii() and village.isdecimal()):
        return None
    number = int(village[9:])
    return VillageKind.TOWN if 1 <= number < 200 else VillageKind.RURAL if 200 <= number < 400 else None


@dataclass(frozen=True, slots=True)
class Targets:
    """Households of a cell to aim at; 0 for none but the bounds."""

    town: int = 0
    rural: int = 0

    def but(self, town: int | None = None, rural: int | None = None) -> "Targets":
        """These, with those in their place that are given; 0 is given too."""
        return Targets(self.town if town is None else town, self.rural if rural is None else rural)

    def of(self, village: str) -> int | None:
        """The target for the cells of the village of this code."""
        return {VillageKind.TOWN: self.town, VillageKind.RURAL: self.rural, None: 0}[kind_of(village)] or None

    def check(self, low: int, high: int) -> None:
        """CutTarget."""
        for kind, target in self._told():
            if not low <= target <= high:
                raise CutTarget(kind=str(kind), target=target, low=low, high=high)

    def _told(self) -> Iterable[tuple[VillageKind, int]]:
        return ((kind, target) for kind, target in ((VillageKind.TOWN, self.town), (VillageKind.RURAL, self.rural)) if target)


NO_TARGETS = Targets()
