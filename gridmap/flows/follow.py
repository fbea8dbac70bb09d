"""Whoever sent a report asks where it stands, and shows its id, which nobody else was told."""

import re
from datetime import datetime, timedelta

from gridmap.access import Action, Actor, allowed
from gridmap.errors import NotFound
from gridmap.flows.slow import slow
from gridmap.store import Store, Tx, public
from gridmap.store.public import Followed

# Many may sit behind one address, and nobody guesses an id; this is against being asked without end.
BURST = 60
EVERY = timedelta(seconds=1)
_ID = re.compile(r"[0-9a-f-]{36}")


class ReportMissing(NotFound):
    """No report of this id; facts: none, so that every wrong id is answered alike."""


def follow(store: Store, report: str, *, network: str, actor: Actor, now: datetime) -> Followed:
    """Where the report of this id stands. ReportMissing; Throttled where this network asks too often."""
    slow(store, "report.follow", network, burst=BURST, every=EVERY, now=now)
    if not _ID.fullmatch(report):
        raise ReportMissing
    with store.read(allowed(actor, Action.REPORT_FOLLOW, shown=report)) as tx:
        return _found(tx, report)


def _found(tx: Tx, report: str) -> Followed:
    found = public.followed(tx, report)
    if found is None:
        raise ReportMissing
    return found
