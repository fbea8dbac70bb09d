"""`gridmap import reports` and `gridmap report`: what was seen comes in, from a file or by hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, app, import_app, now, progress, read_instant, settings, tell, words
from gridmap.cli.registers import Rejects, columns_told, ignored_told, rejected_told
from gridmap.cli.telling import labelled
from gridmap.tables.columns import REPORT_COLUMNS

if TYPE_CHECKING:
    from gridmap.incidents import Answer, Named

ChannelName = Literal["worker", "resident", "hotline", "window", "patrol", "upper_level", "system"]


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.report_{about}"), **more)


Datum = Annotated[str, _option("--datum", about="datum", metavar="DATUM")]
Sender = Annotated[str, _option("--sender", about="sender", metavar="NAME")]
ChannelOption = Annotated[ChannelName, _option("--channel", about="channel")]


_EXAMPLE = "gridmap import reports reports.csv --datum gcj02 --sender 12345"
_HEADERS = words("cli.headers", columns=columns_told(REPORT_COLUMNS, ["issue"]), example=_EXAMPLE)


@import_app.command("reports", help=words("cli.import_reports"), epilog=_HEADERS, no_args_is_help=True)
def import_reports(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.import_reports_file"))],
    *,
    datum: Datum = "",
    channel: ChannelOption = "system",
    sender: Sender = "",
    rejects: Rejects = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    # `gridmap --help` does not wait for these.
    from gridmap.flows import import_reports as flow  # noqa: PLC0415
    from gridmap.geometry.datums import read_datum  # noqa: PLC0415
    from gridmap.incidents import Channel  # noqa: PLC0415
    from gridmap.store import Store  # noqa: PLC0415
    from gridmap.tables.reports import Defaults  # noqa: PLC0415

    if datum:
        read_datum(datum)  # a mistake in the command is told once, not in each row
    zone = settings().timezone
    defaults = Defaults(datum, Channel(channel), sender)
    with Store.open(settings().database_url) as store, progress(words("cli.import_reports_progress")) as advance:
        done = flow.import_reports(
            store, file, now=now().astimezone(zone), zone=zone, actor=acting(store, actor), defaults=defaults,
            verify=frozenset(map(Channel, settings().verify)), lang=LANG, rejects=rejects, advance=advance,
        )  # fmt: skip
    answer = done.as_dict(LANG)
    why = [words("cli.import_reports_why", count=count, cause=words(f"cli.cause.{cause}")) for cause, count in done.causes.items()]
    lines = [words("cli.import_reports_done", **answer), *why, *ignored_told(done.ignored), *rejected_told(done.rejected, done.rejects)]
    tell({"refused": False, **answer}, "\n".join(lines), json=json)


@app.command("report", help=words("cli.report"), no_args_is_help=True)
def report(
    *,
    issue: Annotated[str, _option("--issue", about="issue", metavar="CODE")],
    lon: Annotated[float | None, _option("--lon", about="lon", metavar="DEGREES")] = None,
    lat: Annotated[float | None, _option("--lat", about="lat", metavar="DEGREES")] = None,
    datum: Datum = "",
    accuracy: Annotated[float | None, _option("--accuracy", about="accuracy", metavar="METRES")] = None,
    text: Annotated[str, _option("--text", about="text")] = "",
    place: Annotated[str, _option("--place", about="place")] = "",
    at: Annotated[str | None, _option("--at", about="at", metavar="INSTANT")] = None,
    channel: ChannelOption = "hotline",
    sender: Sender = "",
    number: Annotated[str, _option("--number", about="number", metavar="TEXT")] = "",
    key: Annotated[str, _option("--key", about="key", metavar="TEXT")] = "",
    contact: Annotated[str, _option("--contact", about="contact", metavar="TEXT")] = "",
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    # `gridmap --help` does not wait for these.
    from gridmap.flows.intake import receive  # noqa: PLC0415
    from gridmap.incidents import Channel, Report  # noqa: PLC0415
    from gridmap.store import Store  # noqa: PLC0415

    sent = Report(
        issue=issue, channel=Channel(channel), at=read_instant(at) if at else None, text=text, place=place, lon=lon, lat=lat,
        datum=datum, accuracy_m=accuracy, sender=sender, sender_number=number, key=key, contact=contact,
    )  # fmt: skip
    with Store.open(settings().database_url) as store:
        verify = frozenset(map(Channel, settings().verify))
        answer = receive(store, sent, verify=verify, now=now().astimezone(settings().timezone), actor=acting(store, actor))
    tell({"refused": False, **answer.as_dict(LANG)}, answer_told(answer), json=json)


def answer_told(answer: "Answer") -> str:
    """Whose the report is now, a line each, and why."""
    named = {
        words("level.township"): answer.township,
        words("level.village"): answer.village,
        words("level.cell"): answer.cell,
        words("cli.report_worker"): answer.worker,
        words("cli.report_backup"): answer.backup,
        words("cli.report_office"): answer.office,
    }
    return "\n".join(
        [
            words(f"cli.report_{answer.state}", number=answer.number),
            *([words("cli.report_repeated")] if answer.repeated else []),
            *(labelled(label, _named(one)) for label, one in named.items() if one),
            *(f"- {reason.text(LANG)}" for reason in answer.reasons),
        ]
    )


def _named(one: "Named") -> str:
    return ", ".join(filter(None, (f"{one.as_dict(LANG)['name']} ({one.code})", one.phone)))
