"""`gridmap route dry-run|replay|rulings|backstop`: the county's own routing, asked beside its work."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, now, plain, progress, read_instant, settings, tell, words
from gridmap.cli.route import route_app
from gridmap.cli.telling import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridmap.store import Store

LISTED = 20


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.{about}"), **more)


Rules = Annotated[Path | None, _option("--rules", about="dry_run_rules", metavar="FILE")]


def _open() -> "Store":
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    return Store.open(settings().database_url, make=False)


@route_app.command("dry-run", help=words("cli.dry_run"), no_args_is_help=True)
def dry_run(
    *,
    issue: Annotated[str, _option("--issue", about="report_issue", metavar="CODE")],
    lon: Annotated[float | None, _option("--lon", about="report_lon", metavar="DEGREES")] = None,
    lat: Annotated[float | None, _option("--lat", about="report_lat", metavar="DEGREES")] = None,
    datum: Annotated[str, _option("--datum", about="report_datum", metavar="DATUM")] = "",
    accuracy: Annotated[float | None, _option("--accuracy", about="report_accuracy", metavar="METRES", min=0)] = None,
    area: Annotated[str, _option("--area", about="dry_run_area", metavar="CODE")] = "",
    rules: Rules = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.dry_route import Question, dry_route  # noqa: PLC0415
    from gridmap.flows.given_rules import read_rules  # noqa: PLC0415

    given = read_rules(rules, settings().timezone, now()) if rules else None
    question = Question(issue=issue, lon=lon, lat=lat, datum=datum, accuracy_m=accuracy, area=area)
    with _open() as store:
        told = dry_route(store, question, rules=given, now=now(), actor=acting(store, actor)).as_dict(LANG)
    tell(told, "\n".join(_lines(told)), json=json)


def _lines(told: dict[str, Any]) -> "Iterator[str]":
    """Where, who and which office, every reason, then the rungs in order."""
    where = " · ".join(told[level]["name"] for level in ("township", "village", "cell") if told[level])
    border = "–" if told["border_m"] is None else f"{told['border_m']:.1f}"
    yield words("cli.dry_run_where", place=where or "–", edition=told["edition"], border_m=border)
    for who in ("worker", "backup", "office"):
        if told[who]:
            yield labelled(words(f"cli.report_{who}"), f"{told[who]['name']} ({told[who]['code']}) {told[who]['phone']}".rstrip())
    yield from (f"- {reason['text']}" for reason in told["reasons"])
    if told["rungs"]:
        yield words("cli.dry_run_rungs" + ("_given" if told["rules"]["given"] else ""), count=told["rules"]["count"])
        yield from (f"  {'+' if rung['held'] else '-'} {rung['text']}" for rung in told["rungs"])


@route_app.command("replay", help=words("cli.replay"), no_args_is_help=True)
def replay(
    *,
    since: Annotated[str, _option("--since", about="replay_since", metavar="INSTANT")],
    until: Annotated[str | None, _option("--until", about="replay_until", metavar="INSTANT")] = None,
    rules: Annotated[Path, _option("--rules", about="replay_rules", metavar="FILE")],
    out: Annotated[Path | None, _option("--out", about="replay_out_file", metavar="CSV")] = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.given_rules import read_rules  # noqa: PLC0415
    from gridmap.flows.replay_routes import replay_routes  # noqa: PLC0415

    given, end = read_rules(rules, settings().timezone, now()), read_instant(until) if until else now()
    with _open() as store, progress(words("cli.route_progress")) as advance:
        done = replay_routes(
            store, given, since=read_instant(since), until=end, now=now(), actor=acting(store, actor), out=out, lang=LANG, advance=advance
        )
    told = done.as_dict(LANG) | {"out": out and str(out)}
    tell(told, "\n".join(_replayed(told)), json=json)


def _replayed(told: dict[str, Any]) -> "Iterator[str]":
    """The counts, the offices that gain or lose, the first changes."""
    yield words("cli.replay_done", **told)
    for office in told["offices"]:
        if office["before"] != office["after"]:
            name = office["name"] or words("cli.replay_nobody")
            yield words("cli.replay_office", name=name, code=office["code"] or "–", before=office["before"], after=office["after"])
    for change in told["changes"][:LISTED]:
        yield f"{change['number']}  {change['from_office'] or '–'} > {change['to_office'] or '–'}  {change['why']}"
    if told["changed"] > LISTED:
        yield words("cli.findings_more", count=told["changed"] - LISTED)
    if told["out"]:
        yield words("cli.replay_out", out=told["out"])


@route_app.command("rulings", help=words("cli.rulings"), no_args_is_help=True)
def rulings(
    *,
    out: Annotated[Path, _option("--out", about="rulings_out", metavar="CSV")],
    force: Annotated[bool, _option("--force", about="match_force")] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.propose_rulings import propose_rulings  # noqa: PLC0415

    with _open() as store:
        told = propose_rulings(store, out, now=now(), actor=acting(store, actor), force=force).as_dict() | {"out": str(out)}
    tell(told, "\n".join(_ruled(told)), json=json)


def _ruled(told: dict[str, Any]) -> "Iterator[str]":
    """The counts, the first rules with the ruling behind each, and what to do with them."""
    yield words("cli.rulings_done", **told)
    for one in told["rulings"][:LISTED]:
        yield f"{one['office']}  {one['issue']}  {one['area']}  {one['number']}: {plain(one['reason'])}"
    if told["rules"] > LISTED:
        yield words("cli.findings_more", count=told["rules"] - LISTED)
    if told["rules"]:
        yield words("cli.rulings_next", out=told["out"])


@route_app.command("backstop", help=words("cli.backstop"))
def backstop(
    *,
    since: Annotated[str | None, _option("--since", about="backstop_since", metavar="INSTANT")] = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.backstop_share import backstop_share  # noqa: PLC0415

    with _open() as store:
        found = backstop_share(store, since=read_instant(since) if since else None, now=now(), actor=acting(store, actor))
    told = found.as_dict(LANG)
    lines = [line for week in told["weeks"] for line in _week(week)]
    tell(told, "\n".join([*lines, words("cli.backstop_rule", **told["rule"] | {"points": round(100 * told["rule"]["points"])})]), json=json)


def _week(week: dict[str, Any]) -> "Iterator[str]":
    """The week and, indented, each township in which something fell; an alarm is marked."""
    for area in week["areas"]:
        shares = {name: "–" if area[name] is None else f"{100 * area[name]:.1f} %" for name in ("share", "share_before")}
        mark = words("cli.backstop_alarm") if area["alarm"] else ""
        name = area["name"] or f"{week['since'][:10]} – {week['until'][:10]}"
        if area["code"] is None or area["backstop"]:
            yield "  " * bool(area["code"]) + words("cli.backstop_line", **area | shares | {"name": name, "mark": mark}).rstrip()
