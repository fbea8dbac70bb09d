"""What is taken back is gone with the next request: a thousand times, over HTTP, against the service as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gridmap.store import Store
from tests.api.test_door import revoke_and_ask
from tests.small_land import settle


@pytest.mark.proof
def test_a_thousand_times_the_next_request_is_refused(store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    settle(store)
    url = f"sqlite:///{tmp_path}/gridmap.db" if store.dialect == "sqlite" else request.getfixturevalue("fresh_postgres")
    command = [sys.executable, "-c", "from gridmap.cli import main; main()", "serve", "--port", "0", "--json"]
    environment = {**os.environ, "GRIDMAP_DATABASE_URL": url}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            assert running.stdout is not None
            statuses = revoke_and_ask(store, json.loads(running.stdout.readline())["url"], 1000)
        finally:
            running.terminate()
    assert [status for n, status in enumerate(statuses) if status != (403 if n % 4 == 2 else 401)] == []
    assert len(statuses) == 1000
