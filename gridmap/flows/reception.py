"""How a report begins its life as an incident, once it is known where it lies and whose it is.

What cannot be matched waits for a person. Some channels are looked into before anything is filed. What is brought to a window is filed
with the centre there, which may settle it the same day; when that day ends it moves on. All else is dispatched at once.
"""

from collections.abc import Collection
from dataclasses import replace

from gridmap.flows.dispatch import Dispatch, Situation
from gridmap.incidents import Channel, Report, State
from gridmap.words import Sentence


def received_as(situation: Situation, report: Report, found: Dispatch, verify: Collection[Channel]) -> Dispatch:
    """What was found out, with the state that it is received in and the office that has it first."""
    if found.state is not State.DISPATCHED:
        return found
    if report.channel in verify:
        return replace(found, state=State.VERIFYING, reasons=(*found.reasons, Sentence("reason.verify", {})))
    centre, office = found.centre, found.office
    if report.channel is not Channel.WINDOW or centre is None or office is None or centre.code == office.code:
        return found
    until = situation.times.closing(situation.at).astimezone(situation.at.tzinfo)
    facts = {
        "office": centre.code,
        "name": centre.name,
        "name_en": centre.name_en or centre.name,
        "until": until.isoformat(timespec="minutes"),
    }
    stays = Sentence("reason.window", {**facts, "until": until.isoformat(timespec="minutes")})
    return replace(found, state=State.FILED, office=centre, onward=office, until=until, reasons=(*found.reasons, stays))
