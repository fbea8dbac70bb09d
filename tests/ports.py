"""Ports of loopback that nobody else is given."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_port() -> Iterator[int]:
    """A free port, ours to the end of the block, also while the server that is to listen there has not come yet or is away."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: then both may hold it, and one may listen
        kept.bind(("127.0.0.1", 0))
        yield int(kept.getsockname()[1])
