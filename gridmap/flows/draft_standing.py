"""What stands of all that was done to a draft: moves that were not taken back, who is to work where by them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from gridmap.duty import Post
from gridmap.planning.kinds import MoveKind
from gridmap.planning.posting import PostChange, PostWorker, Renumbered, posts_after
from gridmap.store import Tx, moves
from gridmap.store.moves import MoveRow

POSTING = (MoveKind.POST, MoveKind.PARENT)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is done and what was taken back in one village, the last last, each with the change that made it so."""

    done: tuple[tuple[MoveRow, MoveRow], ...]
    undone: tuple[tuple[MoveRow, MoveRow], ...]


def standing(rows: Iterable[MoveRow], village: str) -> Standing:
    """Which moves of the village stand. A new move forgets what was taken back before it."""
    done: list[tuple[MoveRow, MoveRow]] = []
    undone: list[tuple[MoveRow, MoveRow]] = []
    for row in rows:
        if row.village != village:
            continue
        match str(row.kind):
            case "undo":
                undone.append((done.pop()[0], row))
            case "redo":
                done.append((undone.pop()[0], row))
            case _:
                done.append((row, row))
                undone.clear()
    return Standing(tuple(done), tuple(undone))


def standing_of(rows: Iterable[MoveRow], kinds: Iterable[MoveKind]) -> list[MoveRow]:
    """The changes of these kinds that stand, of all villages, in the order in which they came to stand."""
    wanted, by_village = frozenset(kinds), defaultdict(list)
    for row in rows:
        if row.village:
            by_village[row.village].append(row)
    found = [pair for village, own in by_village.items() for pair in standing(own, village).done if pair[0].kind in wanted]
    return [first for first, maker in sorted(found, key=lambda pair: pair[1].number)]


def posts_planned(tx: Tx, draft: str, posts: Iterable[Post], at: datetime) -> tuple[Post, ...]:
    """These posts as the draft would have them from `at` on."""
    changes = tuple(_post_changes(tx, draft))
    return posts_after(posts, changes, at) if changes else tuple(posts)


def _post_changes(tx: Tx, draft: str) -> Iterator[PostChange]:
    operations = moves.operations(tx, draft, POSTING)
    for row in standing_of(moves.rows(tx, draft), POSTING) if operations else ():
        asked = operations[row.number]
        if row.kind is MoveKind.POST:
            yield PostWorker(asked["cell"], asked["worker"])
        elif asked["code"] != asked["area"]:
            yield Renumbered(asked["area"], asked["code"])
