"""Reports that arrive one by one are kept together: those that come while a transaction commits share the next one.

A report waits for its own commit and for nothing else. When more wait than can be kept soon, whoever asks for maps and exports is sent
away first (`api.pressure`), whoever reports last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.gathering import Gathering
from gridmap.access import Actor
from gridmap.errors import Throttled
from gridmap.flows.intake import Arrival, Outcome, receive_together
from gridmap.flows.slow import slow_many
from gridmap.incidents import Channel, Report
from gridmap.settings import Settings
from gridmap.store import Store

# Of whoever has not signed in, for a network (/24, /64): far more than a street full of people in a storm, far less than a flood.
BURST = 600
EVERY = timedelta(milliseconds=200)
AT_ONCE = 256  # in one transaction: a larger one keeps the first of it waiting longer, and spares little more
MOST = 1024  # that wait: a second or two


@dataclass(frozen=True, slots=True)
class Sending:
    """What somebody sends: None where nobody could read it. `network` is a stranger's, who is slowed down with all others of it."""

    report: Report | None
    actor: Actor
    network: str | None


Intake = Gathering[Sending, Outcome | None]


def intake(store: Store, settings: Settings) -> Intake:
    """What keeps the reports of one process together."""
    verify = frozenset(map(Channel, settings.verify))

    def keep(sendings: Sequence[Sending]) -> list[Outcome | None]:
        now = datetime.now(settings.timezone)
        waits = _waits(store, sendings, now)
        taken = [Arrival(one.report, one.actor) for one, wait in zip(sendings, waits, strict=True) if one.report and not wait]
        outcomes = iter(receive_together(store, taken, verify=verify, now=now) if taken else ())
        return [_outcome(one, wait, outcomes) for one, wait in zip(sendings, waits, strict=True)]

    return Gathering(keep, at_once=AT_ONCE, most=MOST)


def _outcome(sent: Sending, wait: int, outcomes: Iterator[Outcome]) -> Outcome | None:
    if wait:
        return Throttled(seconds=wait)
    return None if sent.report is None else next(outcomes)


def _waits(store: Store, sendings: Sequence[Sending], now: datetime) -> list[int]:
    """How long each has to wait who has not signed in; 0 for those who need not."""
    strangers = [("report.send", one.network) for one in sendings if one.network is not None]
    waits = iter(slow_many(store, strangers, burst=BURST, every=EVERY, now=now) if strangers else ())
    return [0 if one.network is None else next(waits) for one in sendings]
