"""`gridmap migrate` and `gridmap status`: the database made ready, and what is in it."""

from datetime import datetime
from typing import Any

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, app, local, now, settings, tell, words
from gridmap.words import say


@app.command("migrate", help=words("cli.migrate"))
def migrate(json: JsonFlag = False) -> None:
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    url = settings().database_url
    schema = Store.migrate(url)
    with Store.open(url) as store:
        shown = store.url_shown
    tell({"database": shown, "schema": schema}, words("cli.migrate_done", database=shown, schema=schema), json=json)


@app.command("status", help=words("cli.status"))
def status(actor: ActorName = "", json: JsonFlag = False) -> None:
    facts = _facts(actor)
    tell(facts, _text(facts), json=json)


def _facts(actor: str) -> dict[str, Any]:
    """The counts of one moment; a database that is not there is told, not made."""
    from gridmap.access import Action, allowed  # noqa: PLC0415
    from gridmap.store import Store, editions, incidents, offices, people  # noqa: PLC0415

    with Store.open(settings().database_url, make=False) as store, store.read(allowed(acting(store, actor), Action.OPERATE)) as tx:
        number = editions.number_in_force(tx, now())
        edition = None
        if number is not None:
            head, _ = editions.identity(tx, number)
            areas = {str(level): count for level, count in editions.count_levels(tx, number).items()}
            edition = {"number": number, "in_force_from": head.in_force_from.isoformat(), "areas": areas}
        return {
            "database": store.url_shown,
            "schema": store.schema,
            "edition": edition,
            "workers": len(people.workers(tx)),
            "offices": len(offices.all_(tx)),
            "incidents": {str(state): count for state, count in incidents.count(tx).items()},
        }


def _text(facts: dict[str, Any]) -> str:
    edition = facts["edition"]
    since = edition and local(datetime.fromisoformat(edition["in_force_from"]))
    lines = [
        words("cli.status_database", **facts),
        words("cli.status_edition", **edition | edition["areas"] | {"in_force_from": since}) if edition else words("cli.status_no_edition"),
        words("cli.status_staff", **facts),
        words("cli.status_incidents", counts=_counts(facts["incidents"])),
    ]
    return "\n".join(lines)


def _counts(states: dict[str, int]) -> str:
    """How many are where, of every state that there is anything in."""
    told = [words("cli.status_state", state=say(f"state.{state}", LANG), count=count) for state, count in states.items() if count]
    return "; ".join(told) or "0"
