"""What everybody must get, and nothing else: lists, counts, pages, single incidents and their steps, each compared with the oracle."""

import json
import re
from collections import Counter
from typing import Any

from gridmap.flows.contact import BURST
from gridmap.store import history as history_store
from tests.api.matrix.asking import Asking, is_refused
from tests.api.matrix.door import Answer
from tests.api.matrix.operations import AREAS, UNKNOWN_ID, UNKNOWN_NUMBER
from tests.api.matrix.oracle import Person, covers, may, sees
from tests.api.matrix.world import C113, C123, PATH_OF, T3, Row, canaries, photo_of
from tests.builders import ALL

BOXES_ASKED = ((113.0, 28.0, 113.02, 28.02), (113.04, 28.0, 113.11, 28.02))
STATES = ("triage", "dispatched", "closed")
STEP_OF = {
    "incident.dispatch": "file",
    "incident.handle": "acknowledge",
    "incident.answer": "answer",
    "incident.inspect": "inspect",
    "incident.settle": "settle",
    "incident.rule": "rule",
    "incident.close": "close",
}
"""For each action of a step one such step."""
PAGE = "GET /incidents/{incident}"
NO_REVISION = 999_999_999
UNUSED = "0" * 64  # names no photo


def state_of(row: Row) -> str:
    """Where the incident stands: dispatched once it has a place, a worker and an office."""
    if row.closed:
        return "closed"
    return "dispatched" if row.matter.path and row.matter.office and row.matter.workers else "triage"


def refused(person: Person, action: str, way: str) -> int | None:
    """The status of whoever may not do this at all; None for those who may. A bearer that holds no more is never taken for nobody."""
    if way == "bearer" and not person.known and person.by != "none":
        return 401
    if may(person, action):
        return None
    return 403 if person.known else 401


def lists(asking: Asking, person: Person, _rows: list[Row]) -> None:
    """The list by state, area, box and pages, its counts, its links and its cursor."""
    status = refused(person, "incident.read", asking.way)
    answer = asking.ask(person, "list_incidents", query={"counts": True})
    if status or not asking.expect(person, "list_incidents", answer, status=200):
        asking.expect(person, "list_incidents", answer, status=status or 200)
        return
    mine = [row for row in asking.world.rows if sees(person, "incident.read", row.matter)]
    _same(asking, person, answer, [row for row in mine if not row.closed], mine)
    for area in asking.some(AREAS):
        inside = [row for row in mine if area in row.matter.path]
        answer = asking.ask(person, "list_incidents", query={"area": area, "state": STATES, "counts": True})
        _same(asking, person, answer, inside, inside)
    for box in asking.some(BOXES_ASKED):
        inside = [row for row in mine if row.point and box[0] <= row.point[0] <= box[2] and box[1] <= row.point[1] <= box[3]]
        answer = asking.ask(person, "list_incidents", query={"bbox": ",".join(map(str, box)), "state": STATES})
        _same(asking, person, answer, inside, None)
    _pages(asking, person, mine)


def _same(asking: Asking, person: Person, answer: Answer, rows: list[Row], counted: list[Row] | None) -> None:
    """Exactly these rows, these counts (where they were asked for), and the head of the history, the same for everybody."""
    if not asking.expect(person, "list_incidents", answer, status=200):
        return
    told = answer.json()
    if sorted(each["id"] for each in told["features"]) != sorted(row.id for row in rows) or told["numberReturned"] != len(rows):
        asking.fault(person, asking.operation("list_incidents"), answer, f"shows {told['numberReturned']} rows, not {len(rows)}")
    if counted is None and "counts" in told:
        asking.fault(person, asking.operation("list_incidents"), answer, "counts what it was not asked to")
    if counted is not None:
        wanted = Counter(state_of(row) for row in counted)
        if any(wanted[state] != number for state, number in told["counts"].items()):
            asking.fault(person, asking.operation("list_incidents"), answer, f"counts {told['counts']}, not {wanted}")
    last = head(asking)
    if told["cursor"] != last:
        asking.fault(person, asking.operation("list_incidents"), answer, f"has the cursor {told['cursor']}, not {last}")


def head(asking: Asking) -> int:
    """The number of the last row of the history."""
    with asking.world.store.read(ALL) as tx:
        return history_store.head(tx)[0]


def _pages(asking: Asking, person: Person, mine: list[Row]) -> None:
    """All pages of three, by following `next`."""
    seen: list[str] = []
    query: dict[str, Any] | None = {"state": STATES, "limit": "3" if asking.share == 1 else "9"}
    while query:
        answer = asking.ask(person, "list_incidents", query=query)
        if not asking.expect(person, "list_incidents", answer, status=200):
            return
        told = answer.json()
        seen += [each["properties"]["number"] for each in told["features"]]
        query = {**query, "after": seen[-1]} if any(link["rel"] == "next" for link in told["links"]) else None
    if seen != sorted((row.number for row in mine), key=lambda number: -int(number[5:])):
        asking.fault(person, asking.operation("list_incidents"), answer, "has other rows on its pages")


def ones(asking: Asking, person: Person, rows: list[Row]) -> None:
    """Each incident by its id and by its number."""
    for row in asking.some(rows):
        mine = sees(person, "incident.read", row.matter)
        status = refused(person, "incident.read", asking.way) or (200 if mine else 404)
        for shown in (row.id, row.number):
            answer = asking.ask(person, "get_incident", {"incident": shown})
            asking.expect(person, "get_incident", answer, status=status)
            if status == 200 and f"zzz{row.at:02}text" not in answer.text:
                asking.fault(person, asking.operation("get_incident"), answer, "does not show its text")
            if status == 200 and f"zzz{row.at:02}intake" not in answer.text:
                asking.fault(person, asking.operation("get_incident"), answer, "does not show its log")
            if status == 200 and not row.sent.old and '"masked":' not in answer.text:
                asking.fault(person, asking.operation("get_incident"), answer, "does not show that there is a contact")
        _page(asking, person, row, status)


def _page(asking: Asking, person: Person, row: Row, status: int) -> None:
    """The same incident as a page: theirs with its text and log, or led away, or not there."""
    answer = asking.ask(person, PAGE, {"incident": row.number})
    if status in {401, 403}:
        if not is_refused(answer):
            asking.fault(person, asking.operation(PAGE), answer, "was not refused")
        return
    shown = {f"zzz{row.at:02}text", f"zzz{row.at:02}intake"} <= set(re.findall(r"zzz\d\d(?:text|intake)", answer.text))
    if asking.expect(person, PAGE, answer, status=status) and status == 200 and not shown:
        asking.fault(person, asking.operation(PAGE), answer, "does not show its text and its log")


def steps(asking: Asking, person: Person, rows: list[Row]) -> None:
    """A step on a revision that never was tells that one may (412), and changes nothing; what is foreign is not there."""
    for row in asking.some(rows):
        for action, step in STEP_OF.items():
            status = _status(asking, person, action, row, 412)
            body = {"step": step, "revision": NO_REVISION}
            answer = asking.ask(person, "take_step", {"incident": row.number}, json=body, headers=asking.changes(person))
            if not asking.expect(person, "take_step", answer, status=status):
                continue
            if status == 412 and row.number not in answer.text:
                asking.fault(person, asking.operation("take_step"), answer, "does not tell what it is now")


def _status(asking: Asking, person: Person, action: str, row: Row, mine: int) -> int:
    """What a step of this action is answered with: refused, not there, or `mine`."""
    status = refused(person, "incident.read", asking.way) or refused(person, action, asking.way)
    return status or (mine if sees(person, action, row.matter) else 404)


def contacts(asking: Asking, person: Person, rows: list[Row]) -> None:
    """A reporter's contact in full, with a purpose: the row's own, and no other; masked it is part of the incident."""
    for row in asking.some(rows):
        mine = sees(person, "contact.read", row.matter)
        status = refused(person, "contact.read", asking.way) or (200 if mine else 404)
        more = {"json": {"purpose": f"zzz{row.at:02}purpose"}, "headers": asking.changes(person)}
        answer = asking.ask(person, "read_contact", {"incident": row.id}, **more)
        if answer.status_code == 429 and person.known and asking.asked_by[person.name, "read_contact"] > BURST:
            continue  # too many in one go, whosever they are
        asking.expect(person, "read_contact", answer, status=status)
        if answer.status_code == 200:
            row.actors.add(person.name)
        if status == 200:
            kept = not row.sent.old  # those of long ago are past their term
            if (row.contact in answer.text) is not kept:
                asking.fault(person, asking.operation("read_contact"), answer, f"does not show {kept}: {answer.text}")


def photos(asking: Asking, person: Person, rows: list[Row]) -> None:
    """The names of an incident's photos as the incident itself; adding one by who works with it, and to a report by whoever shows its id.

    An empty file is refused once it is known that it might be brought, and changes nothing.
    """
    for row in asking.some(rows):
        status = refused(person, "incident.read", asking.way) or (200 if sees(person, "incident.read", row.matter) else 404)
        answer = asking.ask(person, "list_photos", {"incident": row.number})
        asking.expect(person, "list_photos", answer, status=status)
        if status == 200 and not row.sent.old and photo_of(row.at) not in answer.text:
            asking.fault(person, asking.operation("list_photos"), answer, "does not name its photo")
        for operation, action, path in (
            ("add_photo", "photo.add", {"incident": row.id, "sha256": UNUSED}),
            ("send_photo", "report.photo", {"report": row.report, "sha256": UNUSED}),
        ):
            mine = action == "report.photo" or sees(person, action, row.matter)
            answer = asking.ask(person, operation, path, headers=asking.changes(person))
            asking.expect(person, operation, answer, status=refused(person, action, asking.way) or (422 if mine else 404))
        for id, found in ((row.report, 200), (row.id, 404)):
            answer = asking.ask(person, "ask_photo", {"report": id, "sha256": photo_of(row.at)})
            asking.expect(person, "ask_photo", answer, status=refused(person, "report.photo", asking.way) or found)


def follows(asking: Asking, person: Person, rows: list[Row]) -> None:
    """Whoever shows a report's id is told where it stands, whoever they are; without it nobody is."""
    for row in asking.some(rows):
        answer = asking.ask(person, "follow_report", {"report": row.report})
        status = refused(person, "report.follow", asking.way) or 200
        if asking.expect(person, "follow_report", answer, status=status) and status == 200 and row.number not in answer.text:
            asking.fault(person, asking.operation("follow_report"), answer, "does not tell its number")
        alike(asking, person, "follow_report", row.id, UNKNOWN_ID, name="report")


def households(asking: Asking, person: Person, _rows: list[Row]) -> None:
    """The counts of households of each area, one by one and in the level's list."""
    status = refused(person, "area.read", asking.way) or 200
    for code in asking.some(AREAS[:-1]):
        path = PATH_OF[code]
        edition = {} if code[:9] == T3 or code == C113 else {"edition": "2"}
        answer = asking.ask(person, "get_area", {"code": code}, edition or {"edition": "1"})
        asking.expect(person, "get_area", answer, status=status)
        if status == 200 and ("7710" in answer.text) is not covers(person, "household.read", path):
            asking.fault(person, asking.operation("get_area"), answer, "has households, or has not")
    for level, length in asking.some((("township", 9), ("village", 12), ("cell", 15))):
        answer = asking.ask(person, "list_areas", query={"level": level, "edition": "1"})
        first = [code for code, path in PATH_OF.items() if len(code) == length and code != C123 and covers(person, "household.read", path)]
        told = {found.area for found in canaries(asking.world, answer.text) if found.area}
        if status == 200 and told != set(first):
            asking.fault(person, asking.operation("list_areas"), answer, f"has households of {told}, not of {first}")


def accounts(asking: Asking, person: Person, _rows: list[Row]) -> None:
    """Every account for those who may, and one's own tokens alone for everybody else."""
    status = refused(person, "account.read", asking.way)
    answer = asking.ask(person, "list_accounts")
    asking.expect(person, "list_accounts", answer, status=status or 200)
    if not status:
        told = {found.person for found in canaries(asking.world, answer.text) if found.field == "name"}
        if missing := set(asking.world.account_of) - told:
            asking.fault(person, asking.operation("list_accounts"), answer, f"does not show {missing}")
    status = refused(person, "self.read", asking.way)
    for operation in ("list_tokens", "get_session"):
        answer = asking.ask(person, operation)
        asking.expect(person, operation, answer, status=status or 200)
        if not status and not any(found.person == person.name for found in canaries(asking.world, answer.text)):
            asking.fault(person, asking.operation(operation), answer, "does not show one's own")


def histories(asking: Asking, person: Person, rows: list[Row]) -> None:
    """Whoever audits is told of everything that was done, on pages and in files; nobody else of anything but their incidents' logs."""
    status = refused(person, "audit.read", asking.way) or 200
    for kind in asking.some(("json", "csv", "ndjson")):
        answer = asking.ask(person, "list_history", query={"format": kind, "limit": "1000"})
        if asking.expect(person, "list_history", answer, status=status) and status == 200:
            told = {found.row for found in canaries(asking.world, answer.text) if found.field == "number"}
            if missing := {row.at for row in rows} - told:
                asking.fault(person, asking.operation("list_history"), answer, f"does not tell of {missing} as {kind}")


def vouches(asking: Asking, person: Person, rows: list[Row]) -> None:
    """Sending in another's name: a key that was used with another body shows that one may (409), without anything new."""
    row = rows[0]
    body = {"issue": "E0113", "channel": "hotline", "place": "x", "sender": "hotline", "key": f"zzz{row.at:02}key"}
    answer = asking.ask(person, "send_reports", json=body, headers=asking.changes(person))
    status = refused(person, "report.send", asking.way) or (409 if may(person, "report.vouch") else 403)
    if not person.known and status == 403:
        status = answer.status_code if answer.status_code in {401, 403} else 403
    asking.expect(person, "send_reports", answer, status=status)


def _blank(answer: Answer, asked: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """The answer without what was asked for and what is drawn anew each time."""

    def without(text: str) -> str:
        return text.replace(asked, "*")

    drawn = {"x-request-id", "content-security-policy", "date"}
    headers = [(name, without(text)) for name, text in answer.raw_headers if name not in drawn]
    content = re.sub(rb'name="csrf" value="[^"]*"', b"", answer.content)
    return answer.status_code, content.replace(asked.encode(), b"*"), headers


def alike(
    asking: Asking, person: Person, operation: str, foreign: str, absent: str, *, name: str, where: str = "path", **more: Any
) -> Answer:
    """What is there and foreign, and what is not there at all, get the same answer to the byte; both names have the same length."""
    assert len(foreign) == len(absent)
    told = []
    for asked in (foreign, absent):
        path, query = ({name: asked}, None) if where == "path" else (None, {name: asked})
        told.append(asking.ask(person, operation, path, query, **more))
    if _blank(told[0], foreign) != _blank(told[1], absent):
        asking.fault(
            person, asking.operation(operation), told[0], f"is told apart from what is not there ({json.dumps(told[1].text)[:200]})"
        )
    return told[0]


def foreigners(asking: Asking, person: Person, rows: list[Row]) -> None:
    """For each foreign incident: every operation that takes one answers as if it were not there."""
    for row in asking.some(rows):
        if not sees(person, "incident.read", row.matter):
            for foreign, absent in ((row.id, UNKNOWN_ID), (row.number, UNKNOWN_NUMBER)):
                alike(asking, person, "get_incident", foreign, absent, name="incident")
                alike(asking, person, "list_nearby", foreign, absent, name="incident")
                alike(asking, person, PAGE, foreign, absent, name="incident")
            alike(asking, person, "list_incidents", row.number, UNKNOWN_NUMBER, name="after", where="query")
        if not sees(person, "incident.close", row.matter):
            known = {"revision": NO_REVISION, "into_revision": NO_REVISION, "reason": "x"}
            for operation, body in (("merge_incidents", known | {"into": UNKNOWN_NUMBER}), ("split_incidents", known)):
                more = {"json": body, "headers": asking.changes(person)}
                alike(asking, person, operation, row.id, UNKNOWN_ID, name="incident", **more)
        for action, step in STEP_OF.items():
            if not sees(person, action, row.matter):
                more = {"json": {"step": step, "revision": NO_REVISION}, "headers": asking.changes(person)}
                alike(asking, person, "take_step", row.id, UNKNOWN_ID, name="incident", **more)
