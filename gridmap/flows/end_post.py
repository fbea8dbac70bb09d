"""A post ends: who stood there stands there no longer, and what came with the post ends with it."""

from dataclasses import replace
from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.duty import Duty, Post
from gridmap.errors import BadInput, Conflict, NotFound
from gridmap.store import Store, Tx, history, people


class PostMissing(NotFound):
    """No such post in the register; facts: worker, area."""


class PostEnded(Conflict):
    """The post has ended already; facts: worker, area, until."""


class PostTermUnusable(BadInput):
    """A post ends after it began, and not in the past: what was done until now stays as it was; facts: until."""


def end_post(store: Store, post: Post, *, until: datetime | None = None, reason: str = "", actor: Actor, now: datetime) -> Post:
    """End a post that is held, or that was to come, at an instant (now, where none is named). PostMissing, PostEnded, PostTermUnusable."""
    with store.begin(allowed(actor, Action.REGISTER_CHANGE)) as tx:
        history.hold(tx)
        found = next((each for each in people.posts(tx, areas=[post.area], worker=post.worker) if _same(each, post)), None)
        if found is None:
            raise PostMissing(worker=post.worker, area=post.area)
        if found.until is not None and found.until <= now:
            raise PostEnded(worker=found.worker, area=found.area, until=found.until.isoformat())
        ends = until or now
        if ends < now or ends <= found.since:
            raise PostTermUnusable(until=ends.isoformat())
        return end(tx, found, ends, reason, now)


def end(tx: Tx, found: Post, until: datetime, reason: str, now: datetime) -> Post:
    """The post, ended at this instant and recorded; whether it may be is asked before."""
    ended = replace(found, until=until)
    people.put_posts(tx, [ended])
    facts = {"area": found.area, "duty": str(found.duty), "since": found.since.isoformat(), "until": until.isoformat()}
    history.record(tx, now, "post.end", f"worker:{found.worker}", **facts, reason=reason.strip())
    return ended


def _same(one: Post, other: Post) -> bool:
    return (one.duty, one.since) == (other.duty, other.since)


def key_of(post: Post) -> dict[str, str]:
    """What names a post among all others."""
    return {"worker": post.worker, "area": post.area, "duty": str(post.duty), "since": post.since.isoformat()}


def post_named(key: dict[str, str]) -> Post:
    """The post that `key_of` named, its end unknown; PostMissing where it names none."""
    try:
        return Post(key["worker"], key["area"], Duty(key["duty"]), datetime.fromisoformat(key["since"]))
    except (KeyError, ValueError) as fault:
        raise PostMissing(worker=key.get("worker", ""), area=key.get("area", "")) from fault
