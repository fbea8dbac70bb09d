"""What is told of an incident: briefly, as a GeoJSON feature for map, list and stream, and whole, with worker, office, reasons and log."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from api.asker import Asker
from api.telling import facts_of
from gridmap.access import Action
from gridmap.flows.step import needs_of, own_tasks, reaches, steps_of, waiting
from gridmap.grid import Edition
from gridmap.incidents import Incident, State
from gridmap.incidents.life import Step, Task
from gridmap.incidents.photo import Photo
from gridmap.limits import Clock
from gridmap.store import Store, Tx, catalogues, clocks, contacts, offices, people, photos
from gridmap.store import incidents as incidents_store
from gridmap.store.incidents import LogRow
from gridmap.words import Lang, texts

Found = TypeVar("Found")
PLAIN = ("returns", "reworks", "reopened", "contact_left", "replied", "template", "tier", "supervised_by", "satisfied", "merged_into")
LEVELS_OF = ("township", "village", "cell")


class Names:
    """The names behind the codes of incidents, read once per transaction: these types and workers at once, others when asked for."""

    def __init__(self, store: Store, tx: Tx, *, issues: Collection[str] = (), workers: Collection[str] = ()) -> None:
        self._store, self._tx = store, tx
        self._editions: dict[int, Edition] = {}
        types = catalogues.issue_types(tx, issues) if issues else ()
        these = people.workers(tx, workers) if workers else ()
        self._issues = _Read(partial(catalogues.issue_type, tx), {each.code: each for each in types})
        self._workers = _Read(partial(people.worker, tx), {each.id: each for each in these})
        self._offices = _Read(partial(offices.get, tx))

    @classmethod
    def of(cls, store: Store, tx: Tx, incidents: Collection[Incident]) -> "Names":
        """Those that a list of these incidents names."""
        workers = {one.worker for one in incidents if one.worker}
        return cls(store, tx, issues={one.issue for one in incidents}, workers=workers)

    def _edition(self, number: int) -> Edition:
        if number not in self._editions:
            self._editions[number] = self._store.edition(self._tx, number)
        return self._editions[number]

    def issue(self, code: str, lang: Lang) -> str:
        """The issue type's name; a code that the catalogue does not know is shown as it was sent."""
        found = self._issues[code]
        return found.name_in(lang) if found else code

    def area(self, edition: int | None, code: str | None, lang: Lang) -> dict[str, str] | None:
        if edition is None or code is None:
            return None
        return {"code": code, "name": self._edition(edition).area(code).name_in(lang)}

    def path(self, edition: int | None, code: str, lang: Lang) -> list[str]:
        """The names of the area and of all that hold it, the widest first."""
        return [] if edition is None else [step.name_in(lang) for step in self._edition(edition).path(code)]

    def worker(self, code: str | None, lang: Lang) -> dict[str, str] | None:
        return _named(self._workers[code or ""], lambda worker: worker.id, lang)

    def office(self, code: str | None, lang: Lang) -> dict[str, str] | None:
        return _named(self._offices[code or ""], lambda office: office.code, lang)


class _Read(dict[str, Found | None]):
    """What was read by its code; what was not, is read when it is asked for."""

    def __init__(self, read: Callable[[str], Found | None], known: Mapping[str, Found] = MappingProxyType({})) -> None:
        super().__init__(known)
        self._read = read

    def __missing__(self, code: str) -> Found | None:
        self[code] = self._read(code) if code else None
        return self[code]


def _named(found: Any, code: Callable[[Any], str], lang: Lang) -> dict[str, str] | None:
    if found is None:
        return None
    return {"code": code(found), "name": found.name_en if lang == "en" and found.name_en else found.name, "phone": found.phone}


def brief(incident: Incident, names: Names, lang: Lang, at: datetime) -> dict[str, Any]:
    """A GeoJSON feature; its geometry is null while the incident has no point. `overdue` is so at the instant `at`."""
    worker = names.worker(incident.worker, lang)
    facts = {
        "number": incident.number,
        "state": incident.state,
        "grade": incident.grade,
        "urgency": incident.urgency,
        "issue": {"code": incident.issue, "name": names.issue(incident.issue, lang)},
        "channel": incident.channel,
        "text": incident.text,
        "place": incident.place,
        "at": incident.at.isoformat(),
        "recorded_at": incident.recorded_at.isoformat(),
        **{level: names.area(incident.edition, getattr(incident, level), lang) for level in LEVELS_OF},
        "worker": worker and worker["name"],
        "edition": incident.edition,
        "how": incident.how,
        "revision": incident.revision,
        "supervised_until": incident.supervised_until and incident.supervised_until.isoformat(),
        "owed": incident.owed,
        "due_at": incident.due_at and incident.due_at.isoformat(),
        "clock": incident.clock,
        "overdue": incident.is_overdue(at),
    }
    if incident.state == State.TRIAGE:
        facts["reason"] = incident.for_a_person.text(lang) if incident.for_a_person else None
    return {"type": "Feature", "id": incident.id, "geometry": _point(incident), "properties": facts}


def whole(incident: Incident, names: Names, tx: Tx, asked: Asker) -> dict[str, Any]:
    """The brief feature, and who must act, why, how sure that is, what happened so far, and the reporters' contacts, masked."""
    lang = asked.lang
    told = brief(incident, names, lang, asked.now)
    theirs = {task.number for task in own_tasks(asked.actor, incident)}
    kept = contacts.of_incident(tx, incident.id, at=asked.now)
    told["properties"] |= {
        "worker": names.worker(incident.worker, lang),
        "backup": names.worker(incident.backup, lang),
        "office": names.office(incident.office, lang),
        "distance_m": incident.distance_m,
        "border_m": incident.border_m,
        "merged_into": incident.merged_into,
        "reports": len(incidents_store.reports(tx, incident.id)),
        "candidates": [{**c, "path": names.path(incident.edition, c["code"], lang)} for c in incident.candidates],
        "reasons": [{"code": reason.key, "text": reason.text(lang)} for reason in incident.reasons],
        **{name: getattr(incident, name) for name in PLAIN},
        "keeper": names.office(incident.keeper, lang),
        "tasks": [_task(task, names, asked, theirs) for task in incident.tasks],
        "waiting": [why.text(lang) for why in waiting(asked.actor, incident)],
        "possible": [_step(incident, step, lang) for step in steps_of(asked.actor, incident)],
        "clocks": [_clock(run.clock, asked.now) for run in clocks.of_incident(tx, incident.id)],
        "log": [_logged(row, incident, names, lang) for row in incidents_store.history(tx, incident.id)],
        "photos": [photo(each) for each in photos.of_incident(tx, incident.id, at=asked.now)],
        "photo_addable": reaches(asked.actor, Action.PHOTO_ADD, incident),
        "contacts": [{"masked": one.masked, "kept_until": one.kept_until.isoformat()} for one in kept],
        "contact_readable": bool(kept) and reaches(asked.actor, Action.CONTACT_READ, incident),
    }
    return told


def photo(one: Photo) -> dict[str, Any]:
    """A photo by its name: `here` as a picture of this size, `arriving` in part, or `awaited`."""
    return {
        "sha256": one.sha256,
        "state": "here" if one.arrived_at else "awaited" if one.is_awaited else "arriving",
        "arrived_at": one.arrived_at and one.arrived_at.astimezone(UTC).isoformat(),
        "kept_until": one.kept_until.astimezone(UTC).isoformat(),
        "width": one.width,
        "height": one.height,
    }


def _step(incident: Incident, step: Step, lang: Lang) -> dict[str, Any]:
    return {"step": step, "name": step.text(lang), "needs": needs_of(step, incident)}


def _task(task: Task, names: Names, asked: Asker, theirs: set[int]) -> dict[str, Any]:
    """What another office was asked for, and how far it is; `yours` where the asker may answer it."""
    overdue = task.owed and task.until is not None and task.until < asked.now
    return {
        "number": task.number,
        "kind": task.kind,
        "name": task.kind.text(asked.lang),
        "office": names.office(task.office, asked.lang),
        "until": task.until and task.until.isoformat(),
        **{flag: getattr(task, flag) for flag in ("arrived", "answered", "withdrawn", "owed", "standing")},
        "overdue": overdue,
        "yours": task.number in theirs,
    }


def _clock(run: Clock, at: datetime) -> dict[str, Any]:
    """One run of one clock, with what it may take at most; `due` is null while it stands."""
    when = {name: found and found.isoformat() for name, found in (("started", run.started), ("due", run.due), ("stopped", run.stopped))}
    return {
        "clock": run.name,
        "run": run.run,
        "limit": f"{float(run.limit.amount):.6g} {run.limit.unit}",
        **when,
        "paused": run.paused,
        "breached": run.breached(at),
    }


def _logged(row: LogRow, one: Incident, names: Names, lang: Lang) -> dict[str, Any]:
    """Without the reports' ids: whoever shows one is taken for its sender (REPORT_FOLLOW). `told` says the facts in the reader's words."""
    facts = {key: fact for key, fact in row.facts.items() if key not in {"report", "reports"}}
    name = texts(lang).get(f"history.{row.what}", row.what)
    told = [_fact(label, value) for label, value in facts_of(row, one, names, lang)]
    when_who = {"at": row.at.isoformat(), "actor": row.actor}
    return {**when_who, "what": row.what, "name": name, "to_state": row.to_state, "facts": facts, "told": told}


def _fact(label: str, value: str | datetime) -> dict[str, str]:
    """`at` instead of `value` where it is an instant."""
    return {"label": label} | ({"value": value} if isinstance(value, str) else {"at": value.isoformat()})


def _point(incident: Incident) -> dict[str, Any] | None:
    return None if incident.lon is None else {"type": "Point", "coordinates": [incident.lon, incident.lat]}
