"""Who is on duty for a place: the nearest post that is held, from the cell up."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain, islice

from gridmap.duty import Duty, Leave, Post, Worker
from gridmap.grid import Area
from gridmap.words import Sentence

# Police, mediators and organisations are called in; the answer for a place is one of these, in this order.
ANSWERABLE = (Duty.WORKER, Duty.BACKUP, Duty.LEADER)


@dataclass(frozen=True, slots=True)
class OnDuty:
    """The answer to "who stands there": worker ids or None, and why. `post` is the one that was found."""

    worker: str | None
    backup: str | None
    reasons: tuple[Sentence, ...]
    post: Post | None = None


@dataclass(frozen=True)
class Roster:
    """Posts, ready to be asked many times: a post whose holder is away stands empty. `workers` only lends its names to the reasons."""

    posts: Sequence[Post]
    workers: Sequence[Worker] = ()
    leaves: Sequence[Leave] = ()

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, Duty], list[Post]]:
        found: dict[tuple[str, Duty], list[Post]] = defaultdict(list)
        for post in sorted(self.posts, key=lambda post: (post.since, post.worker)):
            found[post.area, post.duty].append(post)
        return found

    @cached_property
    def by_id(self) -> Mapping[str, Worker]:
        return {worker.id: worker for worker in self.workers}

    @cached_property
    def _leaves_of(self) -> Mapping[str, list[Leave]]:
        found: dict[str, list[Leave]] = defaultdict(list)
        for leave in self.leaves:
            found[leave.worker].append(leave)
        return found

    def away(self, worker: str, at: datetime) -> Leave | None:
        """The leave that this worker is on; of several that which ends last."""
        covering = [leave for leave in self._leaves_of.get(worker, ()) if leave.covers(at)]
        return max(covering, key=lambda leave: (leave.until is None, leave.until or at), default=None)

    def holder(self, area: str, duty: Duty, at: datetime) -> Post | None:
        """The post of this duty held there at the instant by somebody present: of several the longest standing, then the lowest id."""
        return next((post for post in self._held_at(area, duty, at) if not self.away(post.worker, at)), None)

    def _held_at(self, area: str, duty: Duty, at: datetime) -> Iterator[Post]:
        return (post for post in self._by_place.get((area, duty), ()) if post.held_at(at))

    def on_duty(self, path: Sequence[str], at: datetime) -> OnDuty:
        """Who answers for the place at `path` (codes, widest first): the cell's worker, else its backup, else the same question
        one level up, where the leader of a village or township (网格长) also stands in. Whoever is on leave is passed over. The
        reasons name every step that failed."""
        reasons: list[Sentence] = []
        for area in reversed(path):
            before = len(reasons)
            for duty in ANSWERABLE:
                post = self.holder(area, duty, at)
                held = list(self._held_at(area, duty, at))
                reasons += [self._away(each, at) for each in (held[: held.index(post)] if post else held)]
                if post:
                    backup = self.holder(area, Duty.BACKUP, at)
                    return OnDuty(post.worker, _other(backup, post), (*reasons, self._held(post)), post)
            if len(reasons) == before:
                reasons.append(Sentence("reason.duty.vacant", _place(area)))
        return OnDuty(None, None, (*reasons, Sentence("reason.duty.nobody", {"path": list(path)})))

    def _held(self, post: Post) -> Sentence:
        return Sentence(f"reason.duty.{post.duty}", {**self._naming(post), "since": post.since.isoformat(timespec="minutes")})

    def _away(self, post: Post, at: datetime) -> Sentence:
        leave = self.away(post.worker, at)
        if leave is None or leave.until is None:
            return Sentence("reason.duty.away", self._naming(post))
        back = leave.until.astimezone(at.tzinfo).replace(tzinfo=None).isoformat(sep=" ", timespec="minutes")
        return Sentence("reason.duty.away.until", {**self._naming(post), "until": back})

    def _naming(self, post: Post) -> dict[str, str]:
        worker = self.by_id.get(post.worker, Worker(post.worker, post.worker))
        return {"worker": post.worker, **_place(post.area), "name": worker.name, "name_en": worker.name_en or worker.name}


def on_duty(posts: Iterable[Post], path: Sequence[str], at: datetime) -> OnDuty:
    """One question to these posts; for many, keep a `Roster`."""
    return Roster(tuple(posts)).on_duty(path, at)


def stand(cells: Sequence[Area], workers: Sequence[Worker], *, since: datetime) -> tuple[Post, ...]:
    """A first roster: each cell, in the order of its code, gets the next worker, and as backup the worker of the next cell of its village.

    With fewer workers than cells a worker stands in several, spread evenly; neighbours in the order of codes share one. The backup of
    a village's only cell is the worker of the next cell in the county, and nobody where that is the same person.
    """
    cells = sorted(cells, key=lambda cell: cell.code)
    if not workers:
        return ()
    shares = min(len(cells), len(workers))
    holder = {cell.code: workers[at * shares // len(cells)].id for at, cell in enumerate(cells)}
    villages: dict[str | None, list[Area]] = defaultdict(list)
    for cell in cells:
        villages[cell.parent].append(cell)
    posts: list[Post] = []
    for cell in cells:
        posts.append(Post(holder[cell.code], cell.code, Duty.WORKER, since))
        nearby = chain(_following(villages[cell.parent], cell), _following(cells, cell))
        backup = next((holder[other.code] for other in nearby if holder[other.code] != holder[cell.code]), None)
        posts += [Post(backup, cell.code, Duty.BACKUP, since)] if backup else []
    return tuple(posts)


def _following(cells: Sequence[Area], cell: Area) -> Iterator[Area]:
    """The other cells in the order of codes, from the one behind `cell` around to the one before it."""
    at = bisect_left(cells, cell.code, key=lambda other: other.code)
    yield from islice(cells, at + 1, None)
    yield from islice(cells, at)


def _place(area: str) -> dict[str, str]:
    """`place` is the area's name for readers; here its code, because a path has no names."""
    return {"area": area, "place": area, "place_en": area}


def _other(backup: Post | None, than: Post) -> str | None:
    return backup.worker if backup and backup.worker != than.worker else None
