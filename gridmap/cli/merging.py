"""`gridmap incident nearby|merge|split`: reports that are about one matter."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, incident_app, local, now, settings, tell, words
from gridmap.cli.incidents import Number

if TYPE_CHECKING:
    from gridmap.flows.merge import Merged
    from gridmap.flows.nearby import Near
    from gridmap.store import Store

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help=words("cli.incident_reason"))]
Revision = Annotated[int | None, typer.Option("--revision", min=1, help=words("cli.incident_revision"))]
IntoRevision = Annotated[int | None, typer.Option("--into-revision", min=1, help=words("cli.incident_into_revision"))]


def _open() -> "Store":
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    return Store.open(settings().database_url, make=False)


@incident_app.command("nearby", help=words("cli.incident_nearby"), no_args_is_help=True)
def nearby(
    number: Number,
    *,
    metres: Annotated[float, typer.Option("--metres", min=0, help=words("cli.incident_metres"))] = 50.0,
    hours: Annotated[float, typer.Option("--hours", min=0, help=words("cli.incident_hours"))] = 24.0,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import nearby as flow  # noqa: PLC0415

    with _open() as store:
        found = flow.nearby(store, number, within_m=metres, within=timedelta(hours=hours), actor=acting(store, actor))
    lines = [_line(one) for one in found]
    tell({"incidents": [_near(one) for one in found]}, "\n".join(lines) or words("cli.incident_none"), json=json)


def _line(one: "Near") -> str:
    found = one.incident
    return "  ".join((found.number, found.state.text(LANG), f"{one.distance_m:.0f} m", local(found.at), found.office or "-"))


def _near(one: "Near") -> dict[str, Any]:
    facts = {name: getattr(one.incident, name) for name in ("number", "state", "revision", "issue", "lon", "lat", "office")}
    return facts | {"at": one.incident.at.isoformat(), "distance_m": round(one.distance_m, 1), "age_s": round(one.age.total_seconds())}


@incident_app.command("merge", help=words("cli.incident_merge"), no_args_is_help=True)
def merge(
    number: Number,
    into: Annotated[str, typer.Argument(metavar="INTO", help=words("cli.incident_merge_into"))],
    *,
    reason: Reason = "",
    revision: Revision = None,
    into_revision: IntoRevision = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import merge as flow  # noqa: PLC0415

    with _open() as store:
        who = acting(store, actor)
        done = flow.merge(store, number, into, revision=revision, into_revision=into_revision, reason=reason, now=now(), actor=who)
    tell(_both(done), words("cli.incident_merge_done", **_both(done)), json=json)


@incident_app.command("split", help=words("cli.incident_split"), no_args_is_help=True)
def split(
    number: Number,
    *,
    reason: Reason = "",
    revision: Revision = None,
    into_revision: IntoRevision = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import merge as flow  # noqa: PLC0415

    with _open() as store:
        who = acting(store, actor)
        done = flow.split(store, number, revision=revision, into_revision=into_revision, reason=reason, now=now(), actor=who)
    tell(_both(done), words("cli.incident_split_done", **_both(done)), json=json)


def _both(done: "Merged") -> dict[str, Any]:
    told = {"incident": done.incident.number, "state": done.incident.state, "revision": done.incident.revision}
    return told | {"into": done.into.number, "into_revision": done.into.revision, "reports": done.reports}
