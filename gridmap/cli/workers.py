"""`gridmap workers …`: what concerns workers as such."""

from typing import Annotated, Any

import typer

from gridmap.cli.door import ActorName, JsonFlag, acting, now, settings, tell, words, workers_app


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.hand_over_{about}"), **more)


@workers_app.command("hand-over", help=words("cli.hand_over"), no_args_is_help=True)
def hand_over(
    worker: Annotated[str, typer.Argument(metavar="WORKER", help=words("cli.hand_over_worker"))],
    *,
    to: Annotated[str | None, _option("--to", about="to", metavar="WORKER")] = None,
    reason: Annotated[str, _option("--reason", about="reason", metavar="TEXT")],
    resigns: Annotated[bool, _option("--resigns", about="resigns")] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import handover as flow  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)
    from gridmap.store import Store  # noqa: PLC0415

    with Store.open(settings().database_url, make=False) as store:
        done = flow.hand_over(store, worker, to=to, reason=reason, resigns=resigns, now=now(), actor=acting(store, actor))
    given = [{"number": one.number, "worker": one.worker, "backup": one.backup} for one in done.given]
    counts = {"worker": worker, "given": len(given), "stay": len(done.stay), "posts_ended": done.posts_ended}
    lines = [
        words("cli.hand_over_done", **counts),
        *(words("cli.hand_over_one", **{**one, "backup": one["backup"] or "–"}) for one in given),
        *([words("cli.hand_over_stay", numbers=", ".join(done.stay))] if done.stay else []),
    ]
    tell({**counts, "given": given, "stay": list(done.stay)}, "\n".join(lines), json=json)
