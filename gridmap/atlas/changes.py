"""What a redraw changed, as a person reads it, and which villages' sheets it made out of date."""

from collections.abc import Iterator

from gridmap.atlas.choices import Choices
from gridmap.atlas.subject import Plot, Subject

SAME_SHARE = 1e-9
"""Of an area: borders that differ by less are the same border written down again."""


def outdated(now: Subject, before: Subject) -> frozenset[str]:
    """The villages whose own sheet no longer tells the truth: a cell is new, gone, renamed or cut anew, or the village is renamed.

    What only changed beside a village does not count: its sheet shows that faded, for orientation.
    """
    names = {village.code: (village.name, village.name_en) for village in before.villages}
    renamed = {village.code for village in now.villages if names.get(village.code) != (village.name, village.name_en)}
    changed = {village for village, _, _, _ in _changes(now, before)}
    return frozenset((renamed | changed) & set(now.village_of))


def change_rows(now: Subject, before: Subject, township: str, choices: Choices) -> list[tuple[str, list[str]]]:
    """Village, and code, name and change in words, of every cell of a township that changed."""
    within = {village.code for subject in (now, before) for village in subject.villages if village.parent == township}
    villages = {**before.village_of, **now.village_of}
    found = []
    for village, code, plot, key in _changes(now, before):
        if village in within:
            name = (
                f"{villages[village].name_in(choices.main)} {plot.name_in(choices.main)}"
                if village in villages
                else plot.name_in(choices.main)
            )
            found.append((village, [code, name, " / ".join(choices.say(f"atlas.change.{key}"))]))
    return found


def _changes(now: Subject, before: Subject) -> Iterator[tuple[str, str, Plot, str]]:
    """Village, code, plot and what happened to it, by code."""
    new, old = ({plot.code: plot for plot in subject.plots} for subject in (now, before))
    for code in sorted(new | old):
        if code not in old:
            yield new[code].village, code, new[code], "new"
        elif code not in new:
            yield old[code].village, code, old[code], "gone"
        elif not _same_shape(new[code], old[code]):
            yield new[code].village, code, new[code], "border"
        elif (new[code].name, new[code].name_en) != (old[code].name, old[code].name_en):
            yield new[code].village, code, new[code], "name"


def _same_shape(one: Plot, other: Plot) -> bool:
    if one.shape is None or other.shape is None:
        return one.shape is other.shape
    if one.shape.equals_exact(other.shape, normalize=True):
        return True
    return bool(one.shape.symmetric_difference(other.shape).area <= SAME_SHARE * max(one.shape.area, other.shape.area))
