"""`gridmap purge`: what is past its term is deleted."""

from dataclasses import asdict
from typing import Annotated

import typer

from gridmap.cli.door import ActorName, JsonFlag, acting, app, now, settings, tell, words


@app.command("purge", help=words("cli.purge"))
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help=words("cli.purge.dry_run"))] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.purge import purge_contacts, purge_photos  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)
    from gridmap.store import Store  # noqa: PLC0415

    with Store.open(settings().database_url, make=False) as store:
        by = acting(store, actor)
        done = purge_contacts(store, now=now(), actor=by, dry_run=dry_run)
        photos = purge_photos(store, days=settings().photos.days, now=now(), actor=by, dry_run=dry_run)
    counts = {"contacts": f"{done.contacts:,}", "photos": f"{photos.photos:,}", "unfinished": f"{photos.unfinished:,}"}
    tell({**asdict(done), **asdict(photos)}, words("cli.purge_dry" if dry_run else "cli.purge_done", **counts), json=json)
