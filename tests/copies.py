"""One report however often it is sent: copies of many at once over two processes, and what must hold of the answers and of the rows."""

import asyncio
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psycopg2

from tests.intake_load import Sent, body, processes, send_all

OTHER_BODY, OTHER_SENDER = 0.10, 0.02
COUNTS = """SELECT (SELECT count(*) FROM report), (SELECT count(DISTINCT (sender || '/' || key)) FROM report),
 (SELECT count(*) FROM incident), (SELECT count(DISTINCT incident) FROM report), (SELECT count(*) FROM history WHERE what = 'receive'),
 (SELECT count(DISTINCT incident) FROM history WHERE what = 'receive'), (SELECT count(DISTINCT incident) FROM notice)"""


def copies(keys: int, each: int, seed: int) -> list[dict[str, Any]]:
    """Each key so often, near each other and in no order; a tenth of the copies with another body, a fiftieth by another sender."""
    random = Random(seed)
    names = [str(UUID(int=random.getrandbits(128), version=4)) for _ in range(keys)]
    drawn = [(at + random.random() * 8, _copy(name, random)) for at, name in enumerate(names) for _ in range(each)]
    return [one for _, one in sorted(drawn, key=lambda pair: pair[0])]


def _copy(key: str, random: Random) -> dict[str, Any]:
    draw = random.random()
    if draw < OTHER_BODY:
        return body(key, text=f"another, {draw:.3f}")
    return body(key, sender="hotline") if draw < OTHER_BODY + OTHER_SENDER else body(key)


def rows(url: str, question: str) -> list[tuple[Any, ...]]:
    """The rows that a question is answered with, read without any code of ours."""
    file = url.removeprefix("sqlite:///").partition("?")[0]
    with closing(psycopg2.connect(url) if url.startswith("postgres") else sqlite3.connect(file)) as connection:
        cursor = connection.cursor()
        cursor.execute(question)
        return list(cursor.fetchall())


def send_copies(url: str, folder: Path, *, keys: int, each: int, seed: int = 5, count: int = 2) -> list[Sent]:
    """Send them over so many processes, 40 at a time, and check all that is promised. Answers what came back."""
    with processes(url, count, folder) as serving:
        sent = asyncio.run(send_all([one.port for one in serving], copies(keys, each, seed), 40))
    assert list(faults(sent, rows(url, COUNTS)[0])) == []
    return sent


def faults(sent: Sequence[Sent], counts: tuple[int, ...]) -> Iterator[str]:
    """What is not as promised: one row for each sender's key, one answer for one body, 409 for another, nothing else."""
    by_key: dict[tuple[str, str], list[Sent]] = defaultdict(list)
    for one in sent:
        by_key[one.sender, one.key].append(one)
    if set(counts) != {len(by_key)}:
        yield f"{len(by_key)} keys of senders, but rows {counts}"
    for key, group in by_key.items():
        statuses = Counter(one.answer.status for one in group)
        first = [one for one in group if one.answer.status == 201]
        if len(first) != 1 or set(statuses) - {200, 201, 409}:
            yield f"{key}: {dict(statuses)}"
            continue
        told = first[0].answer.told()
        for one in group:
            same = one.body == first[0].body
            if same != (one.answer.status in {200, 201}):
                yield f"{key}: {one.answer.status} for {'the same' if same else 'another'} body"
            elif same and {**one.answer.told(), "repeated": False} != told:
                yield f"{key}: another answer"
            elif not same and (told["incident"] in one.answer.body.decode() or told["number"] in one.answer.body.decode()):
                yield f"{key}: a conflict that tells of the first"
    incidents = [json.loads(one.answer.body)["incident"] for one in sent if one.answer.status == 201]
    if len(set(incidents)) != len(incidents):
        yield "two keys, one incident"
