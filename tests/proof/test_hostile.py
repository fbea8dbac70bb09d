"""Files that mean harm, every one: refused with a sentence or drawn anew, the decoding process within its limits, the service alive."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import psycopg2
import pytest

from gridmap.photos import Drawn
from gridmap.photos.plain import Size
from gridmap.store import Store
from tests.hostile import hostile, wrong
from tests.intake_load import body, processes
from tests.photographs import hits, photo
from tests.small_land import settle

pytestmark = pytest.mark.proof

RESIDENT = 512  # MiB that a decoding process may hold
GROWN = 20  # MiB by which the service may have grown after all of them


class Looked(NamedTuple):
    """What came of a file, in how many seconds of the clock on the wall."""

    name: str
    outcome: str
    seconds: float


# A small process of its own, so that what its children hold is theirs: a child's peak counts its parent's pages from before it began.
DRAWING = """
import json, resource, sys, time
from pathlib import Path
from gridmap.errors import BadInput
from gridmap.photos import Workshop
workshop = Workshop(at_once=1)
for line in sys.stdin:
    file, began = Path(line.strip()), time.monotonic()
    try:
        drawn = workshop.draw(file.read_bytes())
        file.with_suffix(".large").write_bytes(drawn.picture), file.with_suffix(".small").write_bytes(drawn.small)
        told = "drawn", *drawn.size
    except BadInput as refusal:
        told = refusal.key, 0, 0
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"told": told, "seconds": time.monotonic() - began, "child": most // 1024}), flush=True)
"""


def test_of_no_file_comes_more_than_a_picture_and_no_decoder_takes_more_than_it_may(tmp_path: Path, capsys) -> None:
    looked, faults, most, names = [], {}, 0, set()
    with talking() as ask:
        for name, one in hostile().items():
            file, data = tmp_path / "file", one.make()
            file.write_bytes(data)
            names.add(hashlib.sha256(data).digest())
            answer = ask(str(file))
            outcome, width, height = answer["told"]
            made = [file.with_suffix(each).read_bytes() for each in (".large", ".small")] if outcome == "drawn" else None
            if fault := wrong(one, Drawn(*made, Size(width, height)) if made else None):
                faults[name] = fault
            most = max(most, answer["child"])
            looked.append(Looked(name, outcome, answer["seconds"]))
    tell(capsys, looked, f"at most {most} MiB held by a decoding process")
    assert faults == {}
    assert most <= RESIDENT
    assert len(names) == len(looked) > 600


@contextmanager
def talking() -> Iterator[Any]:
    how: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", DRAWING], **how) as process:

        def ask(line: str) -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            print(line, file=process.stdin, flush=True)
            found: dict[str, Any] = json.loads(process.stdout.readline())
            return found

        yield ask


def test_a_service_that_is_sent_them_all_answers_each_and_lives_and_keeps_nothing_of_what_it_refused(
    fresh_postgres: str, tmp_path: Path, capsys
) -> None:
    with Store.open(fresh_postgres) as store:
        settle(store)
    looked, faults, drawn = [], {}, set()
    with (
        processes(fresh_postgres, 1, tmp_path) as [service],
        httpx2.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=60) as client,
    ):
        large = photo("jpeg") + bytes(19 * 2**20)  # one honest file of the largest: what is measured is what stays of the others
        bring(client, large, "before")
        before = resident(service.pid)
        for name, one in hostile().items():
            data = one.make()
            answer, seconds = bring(client, data, name)
            outcome = "drawn" if answer.status_code == 201 else answer.json()["type"].rpartition(":")[2]
            looked.append(Looked(name, outcome, seconds))
            if answer.status_code not in {201, 413, 422} or (one.refused and outcome == "drawn"):
                faults[name] = f"{answer.status_code} {answer.text[:200]}"
            elif outcome == "drawn":
                drawn.add(hashlib.sha256(data).hexdigest())
            elif not answer.json()["detail"]:
                faults[name] = "no sentence"
            if client.get("/healthz").status_code != 200:
                faults[name] = "the service does not answer"
        grown = resident(service.pid) - before
        assert bring(client, photo("webp"), "after")[0].status_code == 201
        assert service.is_alive()
    parts, kept, pictures = rows(fresh_postgres)
    tell(capsys, looked, f"the service grew by {grown} MiB; {parts} parts are left")
    assert faults == {}
    assert parts == 0
    assert kept == drawn | {hashlib.sha256(each).hexdigest() for each in (large, photo("webp"))}
    assert hits(pictures) == []
    assert grown <= GROWN


def bring(client: httpx2.Client, data: bytes, key: str) -> tuple[httpx2.Response, float]:
    """A report, and the file as its photo; the answer to the file, and after how many seconds."""
    name = hashlib.sha256(data).hexdigest()
    told = client.post("/api/reports", json=body(hashlib.md5(key.encode()).hexdigest(), photos=[name]))
    assert told.status_code == 201, told.text
    answer = client.put(f"/api/reports/{told.json()['report']}/photos/{name}", content=data)
    return answer, answer.elapsed.total_seconds()


def resident(pid: int) -> int:
    """MiB of memory that a process holds."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) // 1024


def rows(url: str) -> tuple[int, set[str], bytes]:
    """How many parts of files are kept, which photos are, and their pictures; read without any code of ours."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM photo_part")
        [[parts]] = cursor.fetchall()
        cursor.execute("SELECT sha256, picture, small FROM photo")
        found = cursor.fetchall()
    return parts, {row[0] for row in found}, b"".join(bytes(each or b"") for row in found for each in row[1:])


def tell(capsys, looked: list[Looked], more: str) -> None:
    counted: dict[str, int] = {}
    for one in looked:
        counted[one.outcome] = counted.get(one.outcome, 0) + 1
    slowest = sorted(looked, key=lambda one: -one.seconds)[:5]
    with capsys.disabled():
        print(f"\n{len(looked)} files: {counted}; {more}; the slowest:")
        for one in slowest:
            print(f"  {one.seconds:.1f} s, {one.outcome}: {one.name}")
