"""A small true history, and every way to forge it that we know, with the database's and the file's owner's whole power.

Nothing of Gridmap writes here: rows are read and written with the plain drivers, triggers and foreign keys put aside. Only the hashes of
a forger who knows how we chain are ours.
"""

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extras import execute_values

from gridmap.access import Role
from gridmap.account import AccountKind
from gridmap.flows import accounts, audit, grants
from gridmap.flows.verify_history import Fault, Verified, verify
from gridmap.store import Store, history
from tests.builders import ALL, OPERATOR
from tests.closing import close_within
from tests.store import build

COLUMNS = ("id", "at", "actor", "what", "subject", "incident", "from_state", "to_state", "facts", "hash")
Row = dict[str, Any]


class Forger:
    """The database and the anchors in the hands of somebody who may do everything with them."""

    def __init__(self, store: Store, url: str, anchors: Path) -> None:
        self.store, self.url, self.anchors = store, url, anchors
        self.sqlite = store.file is not None

    @contextmanager
    def hands(self) -> Iterator[Any]:
        """A cursor of the owner; committed at the end."""
        database: Any = sqlite3.connect(self.store.file) if self.sqlite else psycopg2.connect(self.url)
        with closing(database):
            cursor = database.cursor()
            if self.sqlite:
                cursor.execute("PRAGMA synchronous = OFF")
                for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    cursor.execute(f"DROP TRIGGER {name}")
            else:
                cursor.execute("SET session_replication_role = replica")
            yield cursor
            database.commit()

    def rows(self) -> list[Row]:
        columns = ", ".join("facts::text" if name == "facts" and not self.sqlite else name for name in COLUMNS)
        with self.hands() as cursor:
            cursor.execute(f"SELECT {columns} FROM history ORDER BY id")
            return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]

    def head(self) -> tuple[int, str] | None:
        with self.hands() as cursor:
            cursor.execute("SELECT id, hash FROM history_head")
            found = cursor.fetchone()
        return (found[0], found[1]) if found else None

    def write(self, rows: list[Row], head: tuple[int, str] | None) -> None:
        """The whole history and its head, as given."""
        put, given = f"INSERT INTO history ({', '.join(COLUMNS)}) VALUES ", [tuple(row[name] for name in COLUMNS) for row in rows]
        with self.hands() as cursor:
            for table in ("history", "history_head"):  # PostgreSQL keeps what was deleted until somebody sweeps: ten thousand histories
                cursor.execute(f"DELETE FROM {table}" if self.sqlite else f"TRUNCATE {table}")
            if rows and self.sqlite:
                cursor.executemany(f"{put} ({', '.join('?' * len(COLUMNS))})", given)
            elif rows:
                execute_values(cursor, f"{put} %s", given)
            if head:
                cursor.execute(f"INSERT INTO history_head (one, id, hash) VALUES (1, {head[0]}, '{head[1]}')")

    def run(self, statement: str) -> None:
        with self.hands() as cursor:
            cursor.execute(statement)

    def relink(self, rows: list[Row], start: int) -> None:
        """Chain the rows anew from position `start` on, as the specification says it: written here a second time, by another hand."""
        before = rows[start - 1]["hash"] if start else ""
        for row in rows[start:]:
            row["hash"] = before = _hash(before, row)


def _hash(before: str, row: Row) -> str:
    at = row["at"] if isinstance(row["at"], datetime) else datetime.fromisoformat(row["at"]).replace(tzinfo=UTC)
    told = {name: row[name] for name in COLUMNS if name != "hash"}
    told["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    told["facts"] = json.loads(row["facts"])
    text = json.dumps([before, told], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Tamper:
    """What was done, the first bad row (or line of the anchors), and the words that may name it."""

    name: str
    row: int | None
    named: frozenset[str]
    line: int | None = None

    def is_told(self, found: Verified) -> bool:
        first = found.faults[0] if found.faults else None
        if first is None or first.wrong not in self.named:
            return False
        if self.line is not None:
            return first.facts.get("line") == self.line
        if self.row is None:
            return True
        return _near(first, self.row)


def _near(first: Fault, row: int) -> bool:
    """Named exactly; or, where the chain fits in itself, between two anchors; or after a stretch that was chained anew."""
    if first.until is not None and first.wrong.startswith("rewritten"):
        return first.row is not None and first.row <= row <= first.until
    return first.row == row


def true_history(store: Store, anchors: Path) -> None:
    """Some fifty rows of every kind, witnessed in nine lines; the last rows are of no incident."""
    build.settle(store)
    now = build.NOON

    def anchor() -> None:
        audit.anchor(store, anchors, None, actor=OPERATOR, now=now)

    with store.begin(ALL) as tx:
        made = build.keep(tx, 12)
    anchor()
    for place, one in enumerate(made[:8]):
        now += timedelta(minutes=1)
        with store.begin(ALL) as tx:
            close_within(tx, one.number, at=now, reason=f"已处理 {place}")
        if place % 3 == 2:
            anchor()
    for place, name in enumerate(("ada", "bo", "cy", "di")):
        now += timedelta(minutes=1)
        accounts.add_account(store, name, kind=AccountKind.PERSON, worker=None, actor=OPERATOR, now=now)
        granted = grants.propose_grant(store, name, Role.DISPATCHER, area=None, reason="甲", actor=OPERATOR, now=now)
        if place % 2:
            anchor()
            grants.end_grant(store, granted.id, actor=OPERATOR, now=now + timedelta(seconds=1))
    anchor()
    for place in range(12):
        now += timedelta(minutes=1)
        with store.begin(ALL) as tx:
            history.record(tx, now, "draft.cut", f"draft:{place}", cells=place, share=0.1 + place, why="改划 “x”")
        if place in {4, 8, 11}:
            anchor()


def look(forger: Forger) -> Verified:
    return verify(forger.store, forger.anchors, actor=OPERATOR)


EDITS: dict[str, Callable[[Any, random.Random], Any]] = {
    "actor": lambda value, dice: f"{value}{dice.choice(' xé中')}",
    "what": lambda value, dice: dice.choice(("close", "receive", "edit.x")) + str(dice.randrange(100)),
    "subject": lambda value, dice: f"incident:{dice.randrange(10**6)}",
    "incident": lambda value, dice: None if value and dice.random() < 0.5 else "".join(dice.choices("0123456789abcdef", k=36)),
    "from_state": lambda value, dice: "forged" if value is None else None,
    "to_state": lambda value, dice: "forged" if value is None else None,
    "facts": lambda value, dice: json.dumps({**json.loads(value), dice.choice(("note", "role", "z")): dice.random()}),
    "hash": lambda value, dice: hashlib.sha256(str(dice.random()).encode()).hexdigest(),
}


def _moved(at: Any, dice: random.Random) -> Any:
    by = timedelta(microseconds=dice.choice((1, -1, 10**6, 86_400 * 10**6)))
    if isinstance(at, datetime):
        return at + by
    return (datetime.fromisoformat(at) + by).strftime("%Y-%m-%d %H:%M:%S.%f")


class Tampers:
    """Random forgeries of one true history; each is undone by `restore`."""

    def __init__(self, forger: Forger, seed: int) -> None:
        self.forger, self.dice = forger, random.Random(seed)
        self.true, self.true_head = forger.rows(), forger.head()
        self.lines = forger.anchors.read_bytes().splitlines(keepends=True)
        self.anchored = [json.loads(line)["id"] for line in self.lines]
        self.undo: list[str] = []

    def restore(self) -> None:
        self.forger.write(self.true, self.true_head)
        self.forger.anchors.write_bytes(b"".join(self.lines))
        for statement in self.undo:
            self.forger.run(statement)
        self.undo = []

    def one(self, kind: str) -> Tamper:
        """Do one forgery of this kind."""
        done: Tamper = getattr(self, kind)([dict(row) for row in self.true])
        return done

    def _put(self, rows: list[Row], head: tuple[int, str] | None = None) -> None:
        self.forger.write(rows, head or self.true_head)

    def _consistent(self, rows: list[Row]) -> None:
        self._put(rows, (rows[-1]["id"], rows[-1]["hash"]))

    def edit(self, rows: list[Row]) -> Tamper:
        at = self.dice.randrange(len(rows))
        column = self.dice.choice([*EDITS, "at", "id"])
        first = at + 1
        if column == "id":
            rows[at]["id"] = self.dice.choice((-5, 0, 10**6, 2**40))
            first = min(first, rows[at]["id"])
        elif self.forger.sqlite and column in {"at", "facts"} and self.dice.random() < 0.2:
            rows[at][column] = "{nonsense"
        elif column == "at":
            rows[at]["at"] = _moved(rows[at]["at"], self.dice)
        else:
            rows[at][column] = EDITS[column](rows[at][column], self.dice)
        self._put(rows)
        return Tamper(f"edit {column} of {at + 1}", first, frozenset({"changed", "missing", "added"} if column == "id" else {"changed"}))

    def delete(self, rows: list[Row]) -> Tamper:
        at = self.dice.randrange(len(rows))
        count = self.dice.randint(1, 3)
        del rows[at : at + count]
        self._put(rows)
        return Tamper(f"delete {at + 1}", at + 1, frozenset({"missing"}))

    def close_up(self, rows: list[Row]) -> Tamper:
        """Delete a row and number those after it anew."""
        at = self.dice.randrange(len(rows) - 3)
        del rows[at]
        for row in rows[at:]:
            row["id"] -= 1
        self._put(rows)
        return Tamper(f"delete {at + 1} and close up", at + 1, frozenset({"missing"}))

    def insert(self, rows: list[Row]) -> Tamper:
        """Put a row in, and number those after it anew."""
        at = self.dice.randrange(len(rows))
        forged = {**rows[self.dice.randrange(len(rows))], "id": at + 1, "subject": "draft:forged"}
        for row in rows[at:]:
            row["id"] += 1
        rows.insert(at, forged)
        if self.dice.random() < 0.5:
            self.forger.relink(rows[: at + 1], at)
        self._put(rows)
        return Tamper(f"insert at {at + 1}", at + 1, frozenset({"added"}))

    def append(self, rows: list[Row]) -> Tamper:
        """Put rows at the end, chained or not, and leave the head."""
        first = len(rows)
        for _ in range(self.dice.randint(1, 3)):
            rows.append({**rows[-1], "id": rows[-1]["id"] + 1, "subject": "draft:forged"})
        if self.dice.random() < 0.5:
            self.forger.relink(rows, first)
        self._put(rows)
        return Tamper("append", first + 1, frozenset({"added"}))

    def swap(self, rows: list[Row]) -> Tamper:
        a, b = sorted(self.dice.sample(range(len(rows)), 2))
        if self.dice.random() < 0.5:  # with their hashes
            rows[a], rows[b] = {**rows[b], "id": rows[a]["id"]}, {**rows[a], "id": rows[b]["id"]}
        else:
            rows[a], rows[b] = (
                {**rows[b], "id": rows[a]["id"], "hash": rows[a]["hash"]},
                {**rows[a], "id": rows[b]["id"], "hash": rows[b]["hash"]},
            )
        self._put(rows)
        return Tamper(f"swap {a + 1} {b + 1}", a + 1, frozenset({"swapped"}))

    def cut(self, rows: list[Row]) -> Tamper:
        """Cut the end off, and set the head back."""
        keep = self.dice.randrange(1, self.anchored[-1])
        del rows[keep:]
        self._consistent(rows)
        return Tamper(f"cut after {keep}", keep + 1, frozenset({"tail_cut", "older_copy"}))

    def empty(self, rows: list[Row]) -> Tamper:
        self.forger.write([], (0, ""))
        return Tamper("empty", 1, frozenset({"tail_cut"}))

    def rewrite(self, rows: list[Row]) -> Tamper:
        """Change a row and chain everything after it anew, the head too."""
        at = self.dice.randrange(self.anchored[-1])
        rows[at]["actor"] = "forged"
        self.forger.relink(rows, at)
        self._consistent(rows)
        return Tamper(f"rewrite from {at + 1}", at + 1, frozenset({"rewritten"}))

    def leave_out(self, rows: list[Row]) -> Tamper:
        """Delete a row, number the others anew, and chain everything anew, the head too."""
        at = self.dice.randrange(self.anchored[-1] - 1)
        del rows[at]
        for row in rows[at:]:
            row["id"] -= 1
        self.forger.relink(rows, at)
        self._consistent(rows)
        return Tamper(f"leave out {at + 1}", at + 1, frozenset({"rewritten"}))

    def set_head(self, rows: list[Row]) -> Tamper:
        """The head alone: another row, another hash, none."""
        assert self.true_head
        id, hash = self.true_head
        how = self.dice.randrange(4)
        if how == 0:
            self.forger.write(rows, None)
            return Tamper("no head", None, frozenset({"head"}))
        if how == 1:
            self._put(rows, (id, "f" * 64))
            return Tamper("head's hash", None, frozenset({"head"}))
        if how == 2:
            self._put(rows, (id + self.dice.randint(1, 9), hash))
            return Tamper("head ahead", id + 1, frozenset({"missing"}))
        back = self.dice.randrange(1, id)
        self._put(rows, (back, rows[back - 1]["hash"]))
        return Tamper("head back", None if back < self.anchored[-1] else back + 1, frozenset({"head", "added"}))

    def _anchors(self, lines: list[bytes]) -> None:
        self.forger.anchors.write_bytes(b"".join(lines))

    def line(self, _: list[Row]) -> Tamper:
        """Change a line of the anchors, and perhaps chain those after it anew."""
        lines = list(self.lines)
        at = self.dice.randrange(len(lines))
        told = json.loads(lines[at])
        column = self.dice.choice(("at", "id", "hash", "before", "file", "count"))
        value = told[column]
        told[column] = value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1:] != "0" else "1")
        lines[at] = _line(told)
        if column != "before" and self.dice.random() < 0.5:
            _relink_lines(lines, at + 1)
        self._anchors(lines)
        first = max(1, at) if column == "before" else at + 1
        names = {"anchor_changed", "anchors_other"} if column == "file" else {"anchor_changed"}
        return Tamper(f"line {at + 1}: {column}", None, frozenset(names), None if column == "file" else first)

    def drop_line(self, _: list[Row]) -> Tamper:
        """Take lines away: any one, the last ones, half of the last one; perhaps number and chain the rest anew."""
        lines = list(self.lines)
        at = self.dice.randrange(len(lines))
        how = self.dice.randrange(4)
        if how == 0:
            del lines[at:]
        elif how == 1:
            at = len(lines) - 1
            lines[-1] = lines[-1][: self.dice.randrange(1, len(lines[-1]))]
        else:
            del lines[at]
            if how == 2:
                for place in range(at, len(lines)):
                    lines[place] = _line({**json.loads(lines[place]), "line": place + 1})
                _relink_lines(lines, at)
        self._anchors(lines)
        named = frozenset({"anchor_missing", "anchor_changed"} | ({"anchors_gone"} if not lines or lines == [lines[0][:-1]] else set()))
        return Tamper(f"line {at + 1} gone ({how})", None, named, None if not lines else at + 1)

    def drop_file(self, _: list[Row]) -> Tamper:
        self.forger.anchors.unlink()
        return Tamper("no anchors", None, frozenset({"anchors_gone"}))

    def table(self, _: list[Row]) -> Tamper:
        """Change what the history tells of, behind its back."""
        done, undo, named = self.dice.choice(
            (
                (
                    "UPDATE incident SET state = 'closed' WHERE serial = 12",
                    "UPDATE incident SET state = 'dispatched' WHERE serial = 12",
                    "incident",
                ),
                (
                    "UPDATE incident SET state = 'dispatched' WHERE serial = 1",
                    "UPDATE incident SET state = 'closed' WHERE serial = 1",
                    "incident",
                ),
                ("UPDATE incident SET revision = 7 WHERE serial = 3", "UPDATE incident SET revision = 3 WHERE serial = 3", "incident"),
                (
                    "UPDATE account SET disabled_at = made_at WHERE name = 'ada'",
                    "UPDATE account SET disabled_at = NULL WHERE name = 'ada'",
                    "account",
                ),
                ("UPDATE account SET name = 'eve' WHERE name = 'bo'", "UPDATE account SET name = 'bo' WHERE name = 'eve'", "account"),
                ("UPDATE access_grant SET role = 'administrator'", "UPDATE access_grant SET role = 'dispatcher'", "grant"),
                ("UPDATE access_grant SET confirmed_by = 'eve'", "UPDATE access_grant SET confirmed_by = NULL", "grant"),
                ("UPDATE access_grant SET area = '33'", "UPDATE access_grant SET area = NULL", "grant"),
            )
        )
        self.undo.append(undo)
        self.forger.run(done)
        return Tamper(done, None, frozenset({named}))


KINDS = (
    "edit",
    "edit",
    "edit",
    "delete",
    "close_up",
    "insert",
    "append",
    "swap",
    "cut",
    "rewrite",
    "leave_out",
    "set_head",
    "line",
    "drop_line",
    "drop_file",
    "table",
    "empty",
)


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _relink_lines(lines: list[bytes], start: int) -> None:
    for place in range(start, len(lines)):
        before = hashlib.sha256(lines[place - 1][:-1]).hexdigest() if place else ""
        lines[place] = _line({**json.loads(lines[place]), "before": before})


def tamper(forger: Forger, count: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Do `count` forgeries, one after the other, each undone again; how many of each kind, and those that were not told right."""
    tampers = Tampers(forger, seed)
    counts: dict[str, int] = {}
    missed = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        done = tampers.one(kind)
        found = look(forger)
        counts[kind] = counts.get(kind, 0) + 1
        if not done.is_told(found):
            missed.append(f"{done}: {found.faults[:2]}")
        tampers.restore()
    if not look(forger).good:
        missed.append(f"restored: {look(forger).faults[:3]}")
    return counts, missed
