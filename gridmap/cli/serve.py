"""`gridmap serve`: the service and the command centre, on this machine, or for others once somebody administers them."""

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.door import LANG, JsonFlag, app, login, now, settings, tell, warm_up, words
from gridmap.settings import Settings

if TYPE_CHECKING:
    from gridmap.store import Store


@app.command("serve", help=words("cli.serve"))
def serve_command(
    *,
    host: Annotated[str, typer.Option(help=words("cli.serve.host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help=words("cli.serve.port"))] = 8000,
    fd: Annotated[int | None, typer.Option(min=3, help=words("cli.serve.fd"))] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help=words("cli.serve.processes"))] = 1,
    tls_cert: Annotated[Path | None, typer.Option(help=words("cli.serve.tls_cert"))] = None,
    tls_key: Annotated[Path | None, typer.Option(help=words("cli.serve.tls_key"))] = None,
    json: JsonFlag = False,
) -> None:
    from api.server import Tls, adopt, check_ready, listen, reached_by_others  # noqa: PLC0415 (heavy; the service is seen only here)
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    tls = Tls(tls_cert or tls_key, tls_key) if tls_cert or tls_key else None  # type: ignore[arg-type]
    if tls:
        tls.check()
    handed = None if fd is None else adopt(fd)
    host = handed.getsockname()[0] if handed else host
    if reached_by_others(host, settings()):  # before a database is made
        check_ready(host, settings(), tls, administered=_administered())
    with handed or listen(host, port) as listening, Store.open(settings().database_url) as store:
        serve(store, settings(), listening, tls=tls, json=json, processes=processes)


def _administered() -> bool:
    """Whether the database is there, and somebody administers."""
    from gridmap.flows.act import administered  # noqa: PLC0415 (as above)
    from gridmap.store import Store  # noqa: PLC0415 (as above)
    from gridmap.store.faults import StoreFileMissing  # noqa: PLC0415 (as above)

    try:
        with Store.open(settings().database_url, make=False) as store:
            return administered(store, now())
    except StoreFileMissing:
        return False


def serve(store: "Store", chosen: Settings, listening: socket.socket, *, tls: Any = None, json: bool = False, processes: int = 1) -> None:
    """Serve on a socket of `api.server.listen` until Ctrl-C; says the address first."""
    from api import logs  # noqa: PLC0415 (as above)
    from api.server import make_server  # noqa: PLC0415 (as above)
    from api.together import check_shared, serve_together  # noqa: PLC0415 (as above)

    if processes > 1:
        check_shared(store)
    warm_up()  # no report waits for a compiler
    _say_ready(store, chosen, listening, tls=tls, json=json)
    logs.write()
    try:
        if processes > 1:
            serve_together(listening, tls, count=processes)
        else:
            make_server(store, chosen, tls).run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn hands Ctrl-C on after it has closed everything
        return


def _say_ready(store: "Store", chosen: Settings, listening: socket.socket, *, tls: Any, json: bool) -> None:
    """Where it is to be found, and what whoever starts it should know."""
    from api.server import reached_by_others  # noqa: PLC0415 (as above)
    from gridmap.access import Action, allowed  # noqa: PLC0415 (as above)
    from gridmap.flows.act import act_at_machine, open_to_all  # noqa: PLC0415 (as above)
    from gridmap.flows.audit import anchor_file  # noqa: PLC0415 (as above)
    from gridmap.store.readiness import why_not_ready  # noqa: PLC0415 (as above)

    host, port = listening.getsockname()[:2]
    local = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}/"
    others = reached_by_others(host, chosen)
    url = f"{chosen.public_url}/" if others and chosen.public_url else local
    key = "cli.serve.ready_public" if others else "cli.serve.ready" if open_to_all(store) else "cli.serve.ready_signed"
    tell({"url": url, "listens": local, "database": store.url_shown, "loopback_only": not others}, words(key, url=url), json=json)
    sys.stdout.flush()
    if anchor_file(store, chosen.anchor_file) is None:
        print(words("cli.serve.unanchored"), file=sys.stderr)
    for each in why_not_ready(store, allowed(act_at_machine(login()), Action.SERVICE_USE)):
        print(each.text(LANG), file=sys.stderr)
