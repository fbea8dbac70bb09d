"""`gridmap tick`: what time alone brings about."""

from dataclasses import asdict

from gridmap.cli.door import ActorName, JsonFlag, acting, app, now, settings, tell, words
from gridmap.settings import this_process


@app.command("tick", help=words("cli.tick"))
def tick(actor: ActorName = "", json: JsonFlag = False) -> None:
    # `gridmap --help` does not wait for SQLAlchemy.
    from gridmap.flows import tick as flow  # noqa: PLC0415
    from gridmap.flows.move_on import move_on  # noqa: PLC0415
    from gridmap.flows.rehome import Rehoming, rehome  # noqa: PLC0415
    from gridmap.store import Store  # noqa: PLC0415

    holder = this_process()
    with Store.open(settings().database_url, make=False) as store:
        who, at = acting(store, actor), now().astimezone(settings().timezone)
        moved = move_on(store, now=at, holder=holder, actor=who)
        homed = rehome(store, Rehoming(settings().rehome), now=at, holder=holder, actor=who, lang=settings().lang)
        done = flow.tick(store, now=at, holder=holder, actor=who)
    told = asdict(homed) | asdict(moved) | asdict(done) | {"held": done.held or moved.held or homed.held}
    lines = [
        words("cli.tick_held" if told["held"] else "cli.tick_done", escalated=done.escalated),
        *([words("cli.tick_moved_on", count=moved.moved_on)] if moved.moved_on else []),
        *([words("cli.tick_rehomed", stayed=homed.stayed, moved=homed.moved, asked=homed.asked)] if homed.moved or homed.asked else []),
    ]
    tell(told, "\n".join(lines), json=json)
