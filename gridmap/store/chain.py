"""The chain that shows tampering: each row's hash is of the row and of the hash before it, so that no row can change, go or come unseen.

Pure but for `rechain`; `gridmap.store.history` appends and verifies.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Connection, bindparam, text

from gridmap.store.dialect import Instant, to_json

START = ""
"""The hash before the first row."""
CHAINED = ("id", "at", "actor", "what", "subject", "incident", "from_state", "to_state", "facts")


def link(before: str, row: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the hash before and the row's columns CHAINED: JSON, keys sorted, the instant in UTC to the microsecond."""
    at: datetime = row["at"]
    told = {**{name: row[name] for name in CHAINED}, "at": at.astimezone(UTC).isoformat(timespec="microseconds")}
    told["facts"] = json.loads(to_json(row["facts"]))  # as it comes back: tuples are lists then
    body = json.dumps([before, told], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def rechain(connection: Connection) -> None:
    """Chain every row of `history` anew, and set its head: for a migration alone. Plain SQL, as the tables were when it was written."""
    read = text(f"SELECT {', '.join(CHAINED)} FROM history ORDER BY id").columns(at=Instant, facts=JSON)
    before, last = START, 0
    hashes = []
    for row in connection.execute(read).mappings():
        before, last = link(before, dict(row)), row["id"]
        hashes.append({"row": last, "hash": before})
    if hashes:
        connection.execute(text("UPDATE history SET hash = :hash WHERE id = :row"), hashes)
    connection.execute(text("UPDATE history_head SET id = :id, hash = :hash").bindparams(bindparam("id", last), bindparam("hash", before)))
