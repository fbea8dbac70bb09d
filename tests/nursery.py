"""Starts services in no time: everything is imported once, each service is a fork of that. `python -m tests.nursery`

A line with a port and a file for its log starts one and is answered with its process id; when the input ends, all are killed.
"""

import os
import signal
import sys
from contextlib import suppress

import api.logs
import api.server
import gridmap.flows.act
import gridmap.flows.audit
from gridmap.cli import main

assert api.logs
assert api.server
assert gridmap.flows.act
assert gridmap.flows.audit


def serve(port: str, log: str) -> None:
    """What `gridmap serve` does, in this process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for end in (1, 2):
        os.dup2(written, end)
    os.close(0)
    sys.argv = ["gridmap", "serve", "--port", port, "--json"]
    main()


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    started = []
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(*line.split())
            os._exit(0)
        started.append(child)
        print(child, flush=True)
    for child in started:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
