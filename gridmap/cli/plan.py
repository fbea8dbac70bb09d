"""`gridmap plan …`: drafts and editions, the gate, publishing."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.audit import anchor_now
from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, local, now, plan_app, read_instant, settings, tell, words
from gridmap.cli.findings import findings_json, findings_text, refusal_told, save_report

if TYPE_CHECKING:
    from gridmap.grid import EditionHead
    from gridmap.store import Store

ReportFile = Annotated[Path | None, typer.Option("--report", metavar="FILE", help=words("cli.import_report"))]
DraftName = Annotated[str, typer.Argument(metavar="[DRAFT]", help=words("cli.plan_draft"))]


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.plan_{about}"), **more)


def _open() -> "Store":
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    return Store.open(settings().database_url)


@plan_app.command("publish", help=words("cli.plan_publish"))
def publish(
    draft: DraftName = "import",
    *,
    at: Annotated[str | None, _option("--at", about="publish_at", metavar="INSTANT")] = None,
    note: Annotated[str, _option("--note", about="publish_note", metavar="TEXT")] = "",
    supersede: Annotated[bool, _option("--supersede", about="publish_supersede")] = False,
    actor: ActorName = "",
    report: ReportFile = None,
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import publish as flow  # noqa: PLC0415
    from gridmap.grid import LEVELS  # noqa: PLC0415

    since, people = read_instant(at) if at else None, settings().publishers
    with _open() as store, refusal_told(report, json=json):
        made = flow.publish(store, draft, at=since, now=now(), actor=acting(store, actor), note=note, supersede=supersede, people=people)
        anchor_now(store)
    counts = {str(level): len(made.at(level)) for level in LEVELS}
    facts = {"edition": made.number, "draft": draft, "in_force_from": made.in_force_from.isoformat(), **counts}
    text = words("cli.plan_published", **facts | {"in_force_from": local(made.in_force_from)})
    tell({"refused": False, **facts, "note": made.note, "actor": made.actor}, text, json=json)


@plan_app.command("approve", help=words("cli.plan_approve"))
def approve(draft: DraftName = "import", *, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows.approve_draft import approve_draft  # noqa: PLC0415

    with _open() as store:
        who = acting(store, actor)
        made = approve_draft(store, draft, revision=None, now=now(), actor=who)
        anchor_now(store)
    signed = words("cli.plan_signed", count=len(made.exceptions)) if made.exceptions else ""
    facts = {"draft": draft, "approved": True, "revision": made.revision, "exceptions": made.exceptions, "actor": who.name}
    tell(facts, "\n".join(filter(None, [words("cli.plan_approved", draft=draft), signed])), json=json)


@plan_app.command("rollback", help=words("cli.plan_rollback"))
def rollback(
    *,
    at: Annotated[str | None, _option("--at", about="publish_at", metavar="INSTANT")] = None,
    note: Annotated[str, _option("--note", about="publish_note", metavar="TEXT")] = "",
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.publish import roll_back  # noqa: PLC0415

    since = read_instant(at) if at else None
    with _open() as store:
        made = roll_back(store, at=since, now=now(), actor=acting(store, actor), note=note)
        anchor_now(store)
    facts = {"edition": made.number, "areas": len(made.areas), "in_force_from": made.in_force_from.isoformat()}
    tell(
        facts | {"note": made.note, "actor": made.actor},
        words("cli.plan_rolled_back", **facts | {"in_force_from": local(made.in_force_from)}),
        json=json,
    )


@plan_app.command("staff", help=words("cli.plan_staff"))
def staff(*, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows.post_workers import post_workers  # noqa: PLC0415

    with _open() as store:
        posted = asdict(post_workers(store, now=now(), actor=acting(store, actor)))
    tell(posted, words("cli.plan_staffed", **posted), json=json)


@plan_app.command("check", help=words("cli.plan_check"))
def check(draft: DraftName = "import", *, report: ReportFile = None, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows.publish import check_draft  # noqa: PLC0415
    from gridmap.grid import Severity  # noqa: PLC0415

    with _open() as store:
        chosen, who = settings(), acting(store, actor)
        findings = check_draft(store, draft, actor=who, at=now(), policy=chosen.rehome, most=chosen.worker_households)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    verdict = words("cli.plan_check_refused" if errors else "cli.plan_check_passes", draft=draft, errors=errors)
    save_report(report, findings)
    told = findings_text(findings, report=report)
    tell({"draft": draft, "passes": not errors, "findings": findings_json(findings)}, "\n".join(filter(None, [told, verdict])), json=json)
    if errors:
        raise typer.Exit(1)


@plan_app.command("drafts", help=words("cli.plan_drafts"))
def drafts(*, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.access import Action, allowed  # noqa: PLC0415
    from gridmap.store import drafts as query  # noqa: PLC0415

    with _open() as store, store.read(allowed(acting(store, actor), Action.DRAFT_READ)) as tx:
        found = query.heads(tx)
    listed = [{"name": d.name, "base": d.base, "updated_at": d.updated_at.isoformat(), "areas": d.areas} for d in found]
    lines = [words("cli.plan_drafts_line", name=d.name, base=d.base or "-", updated_at=local(d.updated_at), areas=d.areas) for d in found]
    tell({"drafts": listed}, "\n".join(lines) or words("cli.plan_drafts_none"), json=json)


@plan_app.command("editions", help=words("cli.plan_editions"))
def editions(*, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.access import Action, allowed  # noqa: PLC0415
    from gridmap.store import editions as query  # noqa: PLC0415

    with _open() as store, store.read(allowed(acting(store, actor), Action.AREA_READ)) as tx:
        found, held = query.heads(tx), query.number_in_force(tx, now())
    listed = [{"in_force": head.number == held, **_edition(head)} for head in found]
    lines = [
        words(
            "cli.plan_editions_line",
            mark="→" if head.number == held else " ",
            **_edition(head) | {"in_force_from": local(head.in_force_from)},
        )
        for head in found
    ]
    tell({"in_force": held, "editions": listed}, "\n".join(lines) or words("cli.plan_editions_none"), json=json)


def _edition(head: "EditionHead") -> dict[str, Any]:
    instants = {name: getattr(head, name).isoformat() for name in ("in_force_from", "recorded_at")}
    return {"number": head.number, **instants, "areas": head.areas, "note": head.note, "actor": head.actor}


@plan_app.command("drop", help=words("cli.plan_drop"), no_args_is_help=True)
def drop(
    draft: Annotated[str, typer.Argument(metavar="DRAFT", help=words("cli.plan_drop_draft"))],
    *,
    yes: Annotated[bool, _option("--yes", about="drop_yes")] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.access import Action, allowed  # noqa: PLC0415
    from gridmap.flows.publish import drop_draft  # noqa: PLC0415
    from gridmap.store import drafts as query  # noqa: PLC0415

    with _open() as store:
        who = acting(store, actor)
        with store.read(allowed(who, Action.DRAFT_READ)) as tx:
            count = len(query.areas(tx, draft))
        if not yes and not typer.confirm(words("cli.plan_drop_sure", draft=draft, areas=count), err=True):
            raise typer.Exit(1)
        drop_draft(store, draft, now=now(), actor=who)
    tell({"draft": draft, "dropped": True}, words("cli.plan_dropped", draft=draft), json=json)


@plan_app.command("area", help=words("cli.plan_area"), no_args_is_help=True)
def area(
    code: Annotated[str, typer.Argument(metavar="CODE", help=words("cli.plan_area_code"))],
    *,
    at: Annotated[str | None, _option("--at", about="area_at", metavar="INSTANT")] = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.access import Action, allowed  # noqa: PLC0415
    from gridmap.geometry.metres import area_m2  # noqa: PLC0415
    from gridmap.geometry.shapes import to_geojson  # noqa: PLC0415
    from gridmap.store import editions as query  # noqa: PLC0415

    instant = read_instant(at) if at else now()
    with _open() as store, store.read(allowed(acting(store, actor), Action.AREA_READ)) as tx:
        edition = store.edition_in_force(tx, instant)
        found = query.area_at(tx, code, instant)
    spot = found.shape.representative_point()
    facts = {
        "code": found.code, "level": str(found.level), "name": found.name, "name_en": found.name_en, "parent": found.parent,
        "households": found.households, "area_m2": round(area_m2(found.shape), 1), "lon": spot.x, "lat": spot.y,
        "edition": edition.number, "in_force_from": edition.in_force_from.isoformat(), "at": instant.isoformat(),
    }  # fmt: skip
    known = {"households": "-" if found.households is None else f"{found.households:,}", "parent": found.parent or "-"}
    shown = {"name": found.name_in(LANG), "level": words(f"level.{found.level}"), "in_force_from": local(edition.in_force_from)}
    tell(facts | {"shape": to_geojson(found.shape)}, words("cli.plan_area_told", **facts | known | shown), json=json)
