"""A service that is told to stop finishes what it has while another on the same socket takes what comes: no request fails."""

import socket
from contextlib import closing
from http.client import HTTPConnection

import pytest
from sqlalchemy import select

from api.server import SocketUnusable, adopt, listen
from gridmap.store import Store
from gridmap.store.schema import report
from gridmap.store.scoping import within
from tests import patient
from tests.builders import ALL
from tests.rolling import follow, start
from tests.small_land import settle


def test_services_follow_each_other_under_load_without_a_failed_request(fresh_postgres, tmp_path) -> None:
    with Store.open(fresh_postgres) as store:
        settle(store)
        with listen("127.0.0.1", 0) as listening:
            seen, ended = follow(listening, fresh_postgres, tmp_path, times=2, clients=3)
        with store.read(ALL) as tx:
            kept = sorted(tx.scalars(select(report.c.key).where(within(tx, report))))
    assert seen.failed == []
    assert kept == sorted(seen.acknowledged)  # none lost, none doubled
    assert ended == [0, 0]


def test_who_is_connected_is_answered_once_more_and_told_to_connect_anew(tmp_path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/a.db") as store:
        settle(store)
    with listen("127.0.0.1", 0) as listening:
        running = start(listening, f"sqlite:///{tmp_path}/a.db", tmp_path)
        try:
            with closing(HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=patient.SECONDS)) as client:
                client.request("GET", "/readyz")
                answer = client.getresponse()
                assert (answer.status, answer.read()[:17], answer.will_close) == (200, b'{"status":"ready"', False)
                running.terminate()
                while not answer.will_close:  # until the signal has come through; each before it is answered as ever
                    client.request("GET", "/api/editions")
                    answer = client.getresponse()
                    assert (answer.status, answer.read() != b"") == (200, True)
            assert (running.communicate(timeout=patient.SECONDS), running.returncode) == (("", ""), 0)
        finally:
            running.kill()


def test_what_is_no_listening_socket_is_refused(tmp_path) -> None:
    with socket.socket() as silent, (tmp_path / "x").open("w") as file:
        for fd in (silent.fileno(), file.fileno(), 987):
            with pytest.raises(SocketUnusable, match=str(fd)):
                adopt(fd)
        assert silent.fileno() >= 0
