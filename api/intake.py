"""Reports that arrive one by one are kept together: those that come while a transaction commits share the next one.

A report waits for its own commit and for nothing else. When more wait than can be kept soon, whoever asks for maps and exports is sent
away first (`api.pressure`), whoever reports last.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request

from api.gathering import Gathering
from api.logs import REQUEST
from api.sign_in import Known, check_csrf, identify_together, network_of
from gridmap.access import Action
from gridmap.errors import Refusal, Throttled
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
    """What somebody sends by this request: None where nobody could read it."""

    report: Report | None
    request: Request


Intake = Gathering[Sending, Outcome | None]


def intake(store: Store, settings: Settings, kept: Callable[[], object]) -> Intake:
    """What keeps the reports of one process together: who sends them is asked for all of them at once, too. `kept` hears of each act."""
    verify = frozenset(map(Channel, settings.verify))

    def keep(sendings: Sequence[Sending]) -> list[Outcome | None]:
        now = datetime.now(settings.timezone)
        known = [_admitted(*each) for each in zip(sendings, identify_together([one.request for one in sendings]), strict=True)]
        waits = _waits(store, sendings, known, now)
        refused = [_refused(*each) for each in zip(known, waits, strict=True)]
        taken = [
            Arrival(one.report, who.actor)
            for one, who, refusal in zip(sendings, known, refused, strict=True)
            if one.report and isinstance(who, Known) and not refusal
        ]
        outcomes = iter(receive_together(store, taken, verify=verify, now=now) if taken else ())
        kept()
        return [_outcome(*each, outcomes) for each in zip(sendings, refused, strict=True)]

    return Gathering(keep, at_once=AT_ONCE, most=MOST)


def _admitted(sent: Sending, known: Known | Refusal) -> Known | Refusal:
    """Who sends it, unless no page of ours did."""
    if isinstance(known, Refusal):
        return known
    told = REQUEST.set(sent.request.state.request_id)  # what the log tells meanwhile is of this one
    try:
        check_csrf(sent.request, known, {}, Action.REPORT_SEND)
    except Refusal as refusal:
        return refusal
    finally:
        REQUEST.reset(told)
    return known


def _refused(known: Known | Refusal, wait: int) -> Refusal | None:
    """Why nothing is taken from whoever sends this, if so."""
    if isinstance(known, Refusal):
        return known
    return Throttled(seconds=wait) if wait else None


def _outcome(sent: Sending, refusal: Refusal | None, outcomes: Iterator[Outcome]) -> Outcome | None:
    return refusal or (None if sent.report is None else next(outcomes))


def _waits(store: Store, sendings: Sequence[Sending], known: Sequence[Known | Refusal], now: datetime) -> list[int]:
    """How long each has to wait who has not signed in, with all others of their network; 0 for those who need not."""
    networks = [
        network_of(one.request) if isinstance(who, Known) and not (who.account or who.open) else None
        for one, who in zip(sendings, known, strict=True)
    ]
    strangers = [("report.send", network) for network in networks if network is not None]
    waits = iter(slow_many(store, strangers, burst=BURST, every=EVERY, now=now) if strangers else ())
    return [0 if network is None else next(waits) for network in networks]
