"""`gridmap tick`: what time alone brings about."""

import os
import platform
from dataclasses import asdict

from gridmap.cli.door import ActorName, JsonFlag, acting, app, now, settings, tell, words


@app.command("tick", help=words("cli.tick"))
def tick(actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows import tick as flow  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)
    from gridmap.store import Store  # noqa: PLC0415

    holder = f"{platform.node()}:{os.getpid()}"
    with Store.open(settings().database_url, make=False) as store:
        done = flow.tick(store, now=now(), holder=holder, actor=acting(store, actor))
    tell(asdict(done), words("cli.tick_held" if done.held else "cli.tick_done", escalated=done.escalated), json=json)
