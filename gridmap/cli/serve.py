"""`gridmap serve`: the service and the command centre, on this machine only."""

import socket
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.door import JsonFlag, app, settings, tell, words
from gridmap.settings import Settings

if TYPE_CHECKING:
    from gridmap.store import Store


@app.command("serve", help=words("cli.serve"))
def serve_command(
    host: Annotated[str, typer.Option(help=words("cli.serve.host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help=words("cli.serve.port"))] = 8000,
    json: JsonFlag = False,
) -> None:
    from api.server import loopback  # noqa: PLC0415 (heavy; the service is seen only here)

    loopback(host)  # before a database is made
    from api.server import listen  # noqa: PLC0415 (heavy; the service is seen only here)
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    with listen(host, port) as listening, Store.open(settings().database_url) as store:
        serve(store, settings(), listening, json=json)


def serve(store: "Store", chosen: Settings, listening: socket.socket, *, json: bool = False) -> None:
    """Serve on a socket of `api.server.listen` until Ctrl-C; says the address first."""
    from api.server import make_server  # noqa: PLC0415 (as above)

    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    tell({"url": f"{address}/", "database": store.url_shown, "loopback_only": True}, words("cli.serve.ready", url=f"{address}/"), json=json)
    sys.stdout.flush()
    try:
        make_server(store, chosen).run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn hands Ctrl-C on after it has closed everything
        return
