"""One incident as a page: to be linked, read from top to bottom, and printed."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from api.answers import LEVELS_OF, Names
from api.asker import Asker, doing
from api.page import PageRoute, page
from api.telling import left, ticking, told
from gridmap.access import Action
from gridmap.store import clocks, photos
from gridmap.store import incidents as incidents_store

router = APIRouter(prefix="/incidents", include_in_schema=False, route_class=PageRoute)


@router.get("/{incident}")
def show_incident(request: Request, asked: Annotated[Asker, doing(Action.INCIDENT_READ)], incident: str) -> Response:
    """Who, where, what, what other offices were asked for, its clocks, why it was routed so, and every step of its log."""
    lang = asked.lang
    with asked.store.read(asked.scope) as tx:
        one = incidents_store.get(tx, incident)
        names = Names(asked.store, tx)
        log = [told(row, one, names, lang) for row in incidents_store.history(tx, one.id)]
        levels = ((level, names.area(one.edition, getattr(one, level), lang)) for level in LEVELS_OF)
        people = (("worker", names.worker(one.worker, lang)), ("backup", names.worker(one.backup, lang)))
        offices = (("office", names.office(one.office, lang)), ("keeper", names.office(one.keeper, lang)))
        context = {
            "one": one,
            "issue": names.issue(one.issue, lang),
            "areas": [(level, area) for level, area in levels if area],
            "duty": [(name, found) for name, found in (*people, *offices) if found],
            "tasks": [(task, names.office(task.office, lang)) for task in one.tasks],
            "clocks": [ticking(run.clock, lang, asked.now) for run in clocks.of_incident(tx, one.id)],
            "reasons": [reason.text(lang) for reason in one.reasons],
            "photos": photos.of_incident(tx, one.id, at=asked.now),
            "log": log,
            "pressing": left(one.due_at, lang, asked.now) if one.due_at else "",
        }
    return page(request, "incident.html", asked, context)
