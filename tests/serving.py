"""The real service on a free port of loopback, in a thread, stopped at the end of the block."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from api.server import listen, make_server
from gridmap.settings import Settings, read_settings
from gridmap.store import Store
from tests import patient


def some_settings(**more: str) -> Settings:
    return read_settings({"GRIDMAP_DATABASE_URL": "sqlite:///never-opened.db", **more})


@contextmanager
def serving(store: Store, port: int = 0, settings: Settings | None = None) -> Iterator[str]:
    """The service's address. At the end it must be gone, whatever still listens to it."""
    taken = listen("127.0.0.1", port)
    server = make_server(store, settings or some_settings())
    thread = Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(patient.SECONDS)
        taken.close()
        assert not thread.is_alive(), "the server did not stop"
