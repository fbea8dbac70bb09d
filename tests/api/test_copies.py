"""One report however often it is sent, over HTTP and two processes; the full scale is in tests/proof."""

from pathlib import Path

import pytest

from gridmap.store import Store
from tests import copies, patient
from tests.intake_load import Answer, Sent
from tests.small_land import settle


def test_many_copies_at_once_over_two_processes_are_one_report_and_one_answer_each(fresh_postgres: str, tmp_path: Path) -> None:
    with Store.open(fresh_postgres) as store:
        settle(store)
    copies.send_copies(fresh_postgres, tmp_path, keys=40, each=20)


def test_the_same_on_the_embedded_database(tmp_path: Path) -> None:
    url = patient.sqlite(tmp_path)
    with Store.open(url) as store:
        settle(store)
    copies.send_copies(url, tmp_path, keys=20, each=20, count=1)


@pytest.mark.parametrize("wrong", ["a second row", "another answer", "an answer for another body"])
def test_a_service_that_did_otherwise_would_be_noticed(wrong: str) -> None:
    """The judge itself: a promise that is broken is told."""
    first = Sent("k", "", b"one", Answer(201, b'{"incident": "i", "number": "n", "repeated": false}'))
    again = first._replace(answer=Answer(200, b'{"incident": "i", "number": "n", "repeated": true}'))
    other = first._replace(body=b"other", answer=Answer(409, b"{}"))
    assert list(copies.faults([first, again, other], (1,) * 7)) == []
    broken = {
        "a second row": ([first, again, other], (2, 1, 2, 2, 2, 2, 2)),
        "another answer": ([first, again._replace(answer=Answer(200, b'{"incident": "j", "number": "m"}')), other], (1,) * 7),
        "an answer for another body": ([first, again, other._replace(answer=again.answer)], (1,) * 7),
    }[wrong]
    assert list(copies.faults(*broken)) != []
