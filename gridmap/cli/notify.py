"""`gridmap notify` and `gridmap notices`: what offices' own systems are told, and what could not be."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, app, local, now, settings, tell, words
from gridmap.words import texts

if TYPE_CHECKING:
    from gridmap.flows.notify import Notified
    from gridmap.store import Store
    from gridmap.store.notices import Kept

EVERY_SECONDS = 5.0
StandingName = Literal["pending", "sent", "parked"]


def _open() -> "Store":
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    return Store.open(settings().database_url, make=False)


@app.command("notify", help=words("cli.notify"))
def notify(
    watch: Annotated[bool, typer.Option("--watch", help=words("cli.notify.watch"))] = False,
    parked: Annotated[bool, typer.Option("--parked", help=words("cli.notify.parked"))] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from api import logs, sinks  # noqa: PLC0415 (as above; it is the service's way out)
    from gridmap.flows import notify as flow  # noqa: PLC0415 (as above)

    logs.write()
    sinks.LOG.setLevel("INFO")
    sink = sinks.sink_of(settings())
    with _open() as store:
        who = acting(store, actor)
        if parked:
            flow.try_parked(store, now=now(), actor=who)
        _tell(flow.notify(store, sink, clock=_clock, actor=who), json=json)
        while watch:
            time.sleep(EVERY_SECONDS)
            done = flow.notify(store, sink, clock=_clock, actor=who)
            if done != flow.Notified():
                _tell(done, json=json)


def _clock() -> datetime:
    return datetime.now(UTC)


def _tell(done: "Notified", *, json: bool) -> None:
    tell(asdict(done), words("cli.notify_done", **asdict(done)), json=json)


@app.command("notices", help=words("cli.notices"))
def notices(
    *,
    standing: Annotated[StandingName | None, typer.Option("--standing", help=words("cli.notices.standing"))] = None,
    after: Annotated[str | None, typer.Option("--after", metavar="ID", help=words("cli.notices.after"))] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help=words("cli.incident_limit"))] = 50,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.notify import list_notices  # noqa: PLC0415 (as above)
    from gridmap.store.notices import Standing  # noqa: PLC0415 (as above)

    wanted = Standing(standing) if standing else None
    with _open() as store:
        found, counts = list_notices(store, standing=wanted, after=after, limit=limit, actor=acting(store, actor))
    numbers = {str(each): number for each, number in counts.items()}
    lines = [words("cli.notices_counts", **numbers), *map(_line, found)]
    tell({"notices": [_facts(one) for one in found], "counts": numbers}, "\n".join(lines), json=json)


def _line(one: "Kept") -> str:
    number = one.notice.body.get("number", "-")
    kind = texts(LANG).get(f"history.{one.notice.kind}", one.notice.kind)
    told = (local(one.notice.at), kind, number, one.notice.audience or "-", words(f"cli.notices_{one.standing}"), one.fault)
    return "  ".join(each for each in (one.notice.id, *told) if each)


def _facts(one: "Kept") -> dict[str, Any]:
    instants = {name: getattr(one, name) for name in ("next_at", "sent_at", "parked_at")}
    facts = {"id": one.notice.id, "standing": one.standing, "attempts": one.attempts, "fault": one.fault}
    return {**facts, **{name: at and at.isoformat() for name, at in instants.items()}, **one.notice.as_dict()}
