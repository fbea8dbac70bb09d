"""What became of each cell from one division to another, by one rule that reads the same in both directions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gridmap.grid.crosswalk import Overlap
from gridmap.words import Lang, say

MOST = 0.5
NEARLY_ALL = 0.9


class Fate(StrEnum):
    """One became one (kept or resized), one became several, several became one, several became several, came, went."""

    KEPT = "kept"
    RESIZED = "resized"
    SPLIT = "split"
    MERGED = "merged"
    REDRAWN = "redrawn"
    NEW = "new"
    RETIRED = "retired"

    def text(self, lang: Lang = "en") -> str:
        return say(f"fate.{self}", lang)


@dataclass(frozen=True, slots=True)
class Change:
    """Cells of before (codes) that became cells of after; either is empty for what came and went."""

    fate: Fate
    before: tuple[str, ...]
    after: tuple[str, ...]


def fates(before: Iterable[str], after: Iterable[str], overlaps: Iterable[Overlap]) -> tuple[Change, ...]:
    """What became of the cells of these codes; each stands in one change.

    The rule: two cells belong together if more than half of either's households (of its land where it has none) is the other's.
    What hangs together so is one change: one and one are KEPT where each has nine tenths of the other, else RESIZED; one and several are
    SPLIT; several and one MERGED; several and several REDRAWN; what belongs to nothing is RETIRED or NEW.
    """
    cells = [*((0, code) for code in before), *((1, code) for code in after)]
    near: dict[tuple[int, str], list[tuple[int, str]]] = {cell: [] for cell in cells}
    nearly_all = set()
    for one in overlaps:
        if max(one.of_before, one.of_after) > MOST:
            near[0, one.before].append((1, one.after))
            near[1, one.after].append((0, one.before))
        if min(one.of_before, one.of_after) >= NEARLY_ALL:
            nearly_all.add((one.before, one.after))
    changes = [_change(group, nearly_all) for group in _groups(near)]
    return tuple(sorted(changes, key=lambda change: ((change.after or change.before)[0], change.after == ())))


def _groups(near: Mapping[tuple[int, str], list[tuple[int, str]]]) -> list[list[tuple[int, str]]]:
    """The cells that hang together, as lists."""
    seen, groups = set(), []
    for first in near:
        if first in seen:
            continue
        seen.add(first)
        group = [first]
        for cell in group:
            fresh = [other for other in dict.fromkeys(near[cell]) if other not in seen]
            seen.update(fresh)
            group += fresh
        groups.append(group)
    return groups


def _change(group: Iterable[tuple[int, str]], nearly_all: set[tuple[str, str]]) -> Change:
    sides: dict[int, list[str]] = defaultdict(list)
    for side, code in sorted(group):
        sides[side].append(code)
    before, after = tuple(sides[0]), tuple(sides[1])
    match min(len(before), 2), min(len(after), 2):
        case 1, 1:
            return Change(Fate.KEPT if (before[0], after[0]) in nearly_all else Fate.RESIZED, before, after)
        case sizes:
            kinds = {(0, 1): Fate.NEW, (1, 0): Fate.RETIRED, (1, 2): Fate.SPLIT, (2, 1): Fate.MERGED, (2, 2): Fate.REDRAWN}
            return Change(kinds[sizes], before, after)


def heirs(overlaps: Iterable[Overlap]) -> dict[str, str]:
    """The cell of after that goes on for each cell of before: what has most of its households, and of several such that to which it
    gave most (then the larger share of what came, then the lower code). One has one heir at most, and is heir of one; its code is the
    one that the heir should bear."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for one in sorted(overlaps, key=lambda one: (-one.households, -one.of_after, one.before, one.after)):
        if one.of_before > MOST and one.after not in taken:
            found[one.before] = one.after
            taken.add(one.after)
    return found
