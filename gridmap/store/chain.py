"""The chain that shows tampering: each row's hash is of the row and of the hash before it, so that no row can change, go or come unseen.

Pure but for `rechain`; `gridmap.store.history` appends, `gridmap.flows.audit` verifies.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from typing import Any

from sqlalchemy import JSON, Connection, bindparam, text

from gridmap.store.dialect import Instant, to_json

START = ""
"""The hash before the first row."""
CHAINED = ("id", "at", "actor", "what", "subject", "incident", "from_state", "to_state", "facts")

ChainRow = Mapping[str, Any]
"""The columns CHAINED and `hash`."""

_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=repr).encode
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: nobody misreads them on paper
_SHORT_BITS = 100


def as_kept(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as they come back from either database: tuples are lists then, names are texts. ValueError for NaN."""
    kept: dict[str, Any] = json.loads(to_json(facts))
    return kept


def link(before: str, row: ChainRow) -> str:
    """SHA-256 (hex) of the hash before and the row's columns CHAINED (facts `as_kept`): JSON, keys sorted, the instant in UTC."""
    at: datetime = row["at"]
    told = {name: row[name] for name in CHAINED}
    told["at"] = (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")
    return hashlib.sha256(_encode([before, told]).encode()).hexdigest()


def short_code(id: int, hash: str) -> str:
    """The head of the chain as it is written on paper: `1234 K7QX-9M2P-…`, the first 100 bits of the hash."""
    number = int(hash or "0", 16) >> max(0, 4 * len(hash) - _SHORT_BITS)
    letters = "".join(_DIGITS[number >> shift & 31] for shift in range(_SHORT_BITS - 5, -1, -5))
    return f"{id} " + "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def read_code(code: str) -> tuple[int, str] | None:
    """The row and the code's letters alone, however they were typed in; None if it is no code."""
    id, _, letters = code.strip().partition(" ")
    plain = "".join(letters.replace("-", " ").split()).upper().translate(str.maketrans("OIL", "011"))
    if not id.isdecimal() or len(plain) * 5 != _SHORT_BITS or not set(plain) <= set(_DIGITS):
        return None
    return int(id), plain


class Wrong(StrEnum):
    """What can be wrong with a row."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    SWAPPED = "swapped"


@dataclass(frozen=True, slots=True)
class Break:
    """The first row at which the chain does not hold; `other` is the last of those missing, or the row that it was swapped with."""

    wrong: Wrong
    id: int
    other: int | None = None


class Chain:
    """The chain as far as it was followed: the last row's id and hash, and the hash before that."""

    def __init__(self) -> None:
        self.id, self.hash, self._before = 0, START, START

    def take(self, row: ChainRow) -> bool:
        """Go on to the next row; False, and no step, where it does not follow."""
        if row["id"] != self.id + 1 or link(self.hash, row) != row["hash"]:
            return False
        self.id, self._before, self.hash = row["id"], self.hash, row["hash"]
        return True

    def diagnose(self, row: ChainRow, rest: Iterator[ChainRow]) -> Break:
        """What is wrong, given the row that `take` refused and all that come after it (read once, none kept)."""
        due = self.id + 1
        if row["id"] < due:
            return Break(Wrong.ADDED, row["id"])
        if row["id"] > due:
            return Break(Wrong.MISSING, due, row["id"] - 1)
        if self.id and _fits(self._before, row, self.id):  # it follows where the row before it should not be
            return Break(Wrong.ADDED, self.id)
        following = next(rest, None)
        if following is None:
            return Break(Wrong.CHANGED, due)
        if _fits(self.hash, following, due):
            here = link(self.hash, {**following, "id": due})
            swapped = _fits(here, row, following["id"], following["hash"])
            return Break(Wrong.SWAPPED, due, following["id"]) if swapped else Break(Wrong.ADDED, due)
        return self._among(row, following, rest)

    def _among(self, row: ChainRow, following: ChainRow, rest: Iterator[ChainRow]) -> Break:
        due = self.id + 1
        if _fits(row["hash"], following, due + 2):  # those after it follow, each under the number before its own
            return Break(Wrong.MISSING, due, due)
        for each in chain([following], rest):
            if _fits(self.hash, each, due, row["hash"]):
                return Break(Wrong.SWAPPED, due, each["id"])
        return Break(Wrong.CHANGED, due)


def _fits(before: str, row: ChainRow, id: int, *hashes: str) -> bool:
    """Whether the row, under this id, follows `before`: by its own hash, or by one of those given."""
    return link(before, {**row, "id": id}) in {row["hash"], *hashes}


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
