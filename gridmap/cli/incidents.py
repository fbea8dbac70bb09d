"""`gridmap incident …`: what is open, one incident with its log and what may be done now, and the steps of its life."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, incident_app, local, now, plain, read_instant, settings, tell, words
from gridmap.cli.telling import Names, labelled, logged
from gridmap.words import say

if TYPE_CHECKING:
    from gridmap.access import Actor
    from gridmap.errors import Refusal
    from gridmap.incidents import Incident
    from gridmap.incidents.life import Step, Task
    from gridmap.store import Store
    from gridmap.store.incidents import LogRow

StateName = Literal[
    "triage", "verifying", "not_filed", "filed", "dispatched", "acknowledged", "in_progress", "suspended", "returned", "handled",
    "inspected", "closed", "voided",
]  # fmt: skip
StepName = Literal[
    "ask_verify", "verify", "file", "decline", "dispatch", "acknowledge", "start", "return", "transfer", "rule", "elevate", "extend",
    "suspend", "resume", "assist", "inform", "whistle", "upward", "arrive", "answer", "withdraw", "supervise", "release", "regrade",
    "retype", "relocate", "rehome", "merge", "split", "handle", "settle", "inspect", "rework", "reply", "close", "void",
    "call_back", "reopen",
]  # fmt: skip

OrderName = Literal["newest", "due"]
GradeName = Literal["general", "complex", "difficult"]
SatisfiedName = Literal["yes", "mostly", "no"]

BRIEF = (
    "id", "number", "state", "revision", "issue", "urgency", "grade", "text", "place", "lon", "lat", "edition", "township", "village",
    "cell", "worker", "backup", "office", "contact_left", "replied", "returns", "reworks", "reopened", "handled_by", "clock", "template",
    "tier", "keeper", "supervised_by", "satisfied", "merged_into",
)  # fmt: skip


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.incident_{about}"), **more)


Number = Annotated[str, typer.Argument(metavar="NUMBER", help=words("cli.incident_number"))]


def _open() -> "Store":
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    return Store.open(settings().database_url, make=False)


@incident_app.command("list", help=words("cli.incident_list"))
def list_(
    *,
    state: Annotated[StateName | None, _option("--state", about="state", metavar="STATE")] = None,
    area: Annotated[str | None, _option("--area", about="area", metavar="CODE")] = None,
    supervised: Annotated[bool, _option("--supervised", about="supervised")] = False,
    owed: Annotated[bool, _option("--owed", about="owed")] = False,
    order: Annotated[OrderName, _option("--order", about="order")] = "newest",
    after: Annotated[str | None, _option("--after", about="after", metavar="NUMBER")] = None,
    limit: Annotated[int, _option("--limit", about="limit", min=1, max=1000)] = 50,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.access import Action, allowed  # noqa: PLC0415
    from gridmap.incidents import OPEN_STATES, State  # noqa: PLC0415
    from gridmap.store import incidents  # noqa: PLC0415

    states = (State(state),) if state else OPEN_STATES
    with _open() as store, store.read(allowed(acting(store, actor), Action.INCIDENT_READ)) as tx:
        found = incidents.list_(
            tx, states=states, area=area, supervised=supervised, owed=owed, order=incidents.Order(order), after=after, limit=limit
        )
        names = Names(store, tx)
        lines = [_line(one, names) for one in found]
    tell({"incidents": [_brief(one) for one in found]}, "\n".join(lines) or words("cli.incident_none"), json=json)


def _line(one: "Incident", names: Names) -> str:
    office = names.office(one.office) if one.office else "-"
    due = [words("cli.incident_overdue" if one.is_overdue(now()) else "cli.incident_due", at=local(one.due_at))] if one.due_at else []
    flags = [words("cli.incident_flag_supervised")] if one.supervised_by else []
    flags += [words("cli.incident_flag_owed", count=len(one.life.owed))] if one.life.owed else []
    told = (one.number, one.state.text(LANG), names.issue(one.issue), names.where(one) or "-", office, local(one.at), *due, *flags)
    return plain("  ".join((*told, *_why(one))))


def _why(one: "Incident") -> list[str]:
    """Why it waits for a person, where it does."""
    return [one.for_a_person.text(LANG)] if one.for_a_person else []


@incident_app.command("show", help=words("cli.incident_show"), no_args_is_help=True)
def show(number: Number, *, actor: ActorName = "", json: JsonFlag = False) -> None:
    with _open() as store:
        facts, text = _shown(store, acting(store, actor), number)
    tell(facts, text, json=json)


@incident_app.command("take", help=words("cli.incident_take"), no_args_is_help=True)
def take(
    number: Number,
    step: Annotated[StepName, typer.Argument(metavar="STEP", show_choices=False, help=words("cli.incident_step"))],
    *,
    reason: Annotated[str, _option("--reason", about="reason", metavar="TEXT")] = "",
    photo: Annotated[str, _option("--photo", about="photo", metavar="NAME")] = "",
    office: Annotated[str, _option("--office", about="office", metavar="CODE")] = "",
    until: Annotated[str | None, _option("--until", about="until", metavar="INSTANT")] = None,
    task: Annotated[int | None, _option("--task", about="task", metavar="NUMBER", min=1)] = None,
    grade: Annotated[GradeName | None, _option("--grade", about="grade")] = None,
    issue: Annotated[str, _option("--issue", about="issue", metavar="CODE")] = "",
    place: Annotated[str, _option("--place", about="place", metavar="LON,LAT")] = "",
    into: Annotated[str, _option("--into", about="into", metavar="NUMBER")] = "",
    agreement: Annotated[str, _option("--agreement", about="agreement", metavar="NAME")] = "",
    satisfied: Annotated[SatisfiedName | None, _option("--satisfied", about="satisfied")] = None,
    revision: Annotated[int | None, _option("--revision", about="revision", min=1)] = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.errors import IncidentMissing  # noqa: PLC0415
    from gridmap.flows import step as flow  # noqa: PLC0415
    from gridmap.incidents.life import Step, Taken  # noqa: PLC0415

    term = read_instant(until).isoformat() if until else ""
    taken = Taken(
        step=Step(step), actor="", reason=reason, photo=photo, office=office, until=term, task=str(task or ""), grade=grade or "",
        issue=issue, place=place, into=into, agreement=agreement, satisfied=satisfied or "",
    )  # fmt: skip
    with _open() as store:
        who = acting(store, actor)
        made = flow.step(store, number, taken, revision=revision, now=now(), actor=who)
        try:
            facts, text = _shown(store, who, made.id)
        except IncidentMissing:  # it was given away by this step
            facts = {"id": made.id, "number": made.number, "state": made.state, "revision": made.revision}
            text = words("cli.incident_given", number=made.number)
    tell(facts, text, json=json)


def _shown(store: "Store", actor: "Actor", number: str) -> tuple[dict[str, Any], str]:
    """One incident as the actor sees it: for programs, and for people."""
    from gridmap.access import Action, allowed  # noqa: PLC0415
    from gridmap.flows.step import needs_of, steps_of, waiting  # noqa: PLC0415
    from gridmap.store import incidents  # noqa: PLC0415

    with store.read(allowed(actor, Action.INCIDENT_READ)) as tx:
        one = incidents.get(tx, number)
        log, steps, waits = incidents.history(tx, one.id), steps_of(actor, one), waiting(actor, one)
        names = Names(store, tx)
        why = [words("cli.incident_reasons"), *(f"  {reason.text(LANG)}" for reason in one.reasons)]
        done = [words("cli.incident_log"), *(logged(row, one, names) for row in log)]
        lines = [*_who(one, names), *_next(one, steps, waits), *why, *done]
    possible = [{"step": each, "needs": needs_of(each, one)} for each in steps]
    still = [why.text(LANG) for why in waits]
    reasons = [{"code": reason.key, "text": reason.text(LANG)} for reason in one.reasons]
    told = {"possible": possible, "waiting": still, "reasons": reasons, "log": list(map(_log_json, log))}
    return _brief(one) | told, "\n".join(map(plain, lines))


def _log_json(row: "LogRow") -> dict[str, Any]:
    return {"at": row.at.isoformat(), "actor": row.actor, "what": row.what, "to_state": row.to_state, "facts": _facts(row)}


def _brief(one: "Incident") -> dict[str, Any]:
    """What programs are told of an incident, codes as they are."""
    return {name: getattr(one, name) for name in BRIEF} | {
        "at": one.at.isoformat(), "due_at": one.due_at and one.due_at.isoformat(), "overdue": one.is_overdue(now()),
        "supervised_until": one.supervised_until and one.supervised_until.isoformat(), "tasks": list(map(_task_json, one.tasks)),
    }  # fmt: skip


def _task_json(task: "Task") -> dict[str, Any]:
    return asdict(task) | {"until": task.until and task.until.isoformat(), "owed": task.owed}


def _who(one: "Incident", names: Names) -> list[str]:
    """Number, state and type; what and where; why it waits; who must act, and until when."""
    duty = (
        ("worker", one.worker and names.worker(one.worker)),
        ("office", one.office and names.office(one.office)),
    )
    return [
        words("cli.incident_head", number=one.number, state=one.state, issue=names.issue(one.issue), revision=one.revision),
        *(text for text in (one.text, one.place, names.where(one)) if text),
        *_why(one),
        *(labelled(words(f"cli.report_{who}"), told) for who, told in duty if told),
        *_pressing(one),
        *([words("cli.incident_reply")] if one.life.must_reply else []),
        *([words("cli.incident_merged", into=one.merged_into)] if one.merged_into else []),
        *([words("cli.incident_watched", who=one.supervised_by, at=local(one.supervised_until))] if one.supervised_until else []),
        *(_tasks(one, names) if one.tasks else []),
    ]


def _pressing(one: "Incident") -> list[str]:
    """Until when what presses is due, or since when it is overdue."""
    if not one.due_at:
        return []
    key = "cli.incident_pressing_over" if one.is_overdue(now()) else "cli.incident_pressing"
    return [words(key, clock=say(f"clock.{one.clock}", LANG), at=local(one.due_at))]


def _tasks(one: "Incident", names: Names) -> list[str]:
    """What other offices were asked for, a line each."""
    lines = [words("cli.incident_tasks")]
    for task in one.tasks:
        late = task.owed and task.until is not None and task.until < now()
        until = [words("cli.incident_overdue" if late else "cli.incident_due", at=local(task.until))] if task.until else []
        told = (str(task.number), task.kind.text(LANG), names.office(task.office), *until, task.standing.text(LANG))
        lines.append("  ".join(("", *told)).rstrip())
    return lines


def _next(one: "Incident", steps: Sequence["Step"], waits: Sequence["Refusal"]) -> list[str]:
    """The commands that may be run now, as they are typed, and why others may not yet."""
    still = [f"  {why.text(LANG)}" for why in waits]
    if not steps:
        return [words("cli.incident_nothing"), *still]
    return [words("cli.incident_possible"), *(f"  {labelled(each.text(LANG), _command(one, each))}" for each in steps), *still]


def _command(one: "Incident", step: "Step") -> str:
    from gridmap.flows.step import needs_of  # noqa: PLC0415

    return " ".join((f"gridmap incident take {one.number} {step}", *(f"--{each} …" for each in needs_of(step, one))))


def _facts(row: "LogRow") -> dict[str, Any]:
    """Without the reports' ids: whoever shows one is taken for its sender."""
    return {name: fact for name, fact in row.facts.items() if name not in {"report", "reports"} and fact not in (None, "", False)}
