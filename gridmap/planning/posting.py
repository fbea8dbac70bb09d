"""Who is to stand at a draft's cells: the posts that are held, and what planners set."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gridmap.duty import Duty, Post


@dataclass(frozen=True, slots=True)
class PostWorker:
    """A worker (by id; None: nobody) is to stand at a cell."""

    cell: str
    worker: str | None


@dataclass(frozen=True, slots=True)
class Renumbered:
    """A cell goes on under another code: whoever stands there goes along."""

    before: str
    after: str


PostChange = PostWorker | Renumbered


def posts_after(posts: Iterable[Post], changes: Iterable[PostChange], at: datetime) -> tuple[Post, ...]:
    """The posts as they would be once the changes, in their order, hold from `at` on; posts that nobody changed stay as they are."""
    planned = list(posts)
    for change in changes:
        match change:
            case PostWorker(cell, worker):
                planned = [post for post in planned if (post.area, post.duty) != (cell, Duty.WORKER)]
                planned += [Post(worker, cell, Duty.WORKER, at)] if worker else []
            case Renumbered(before, after):
                planned = [replace(post, area=after, since=at) if post.area == before else post for post in planned]
    return tuple(planned)
