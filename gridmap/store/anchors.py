"""Anchors: lines in a file outside the database that say what the history's head was at an instant.

Whoever can rewrite the whole chain cannot rewrite these too, if the file lies where they cannot write, or is signed. Each line holds the
SHA-256 of the line before it, so that none can change or go unseen; the history names each line in turn, so that the last cannot either.
"""

import fcntl
import hashlib
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from gridmap.errors import BadInput
from gridmap.store.chain import ChainRow

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

WITNESS = "anchor.write"
"""What the history calls a line that was written."""
_LAST_BYTES = 64 * 1024  # of the file; a line has less than a kilobyte


class AnchorKeyUnusable(BadInput):
    """The file holds no Ed25519 key in PEM; facts: path."""


class AnchorFileForeign(BadInput):
    """The file's last line is no anchor: it is somebody else's file, and left alone; facts: path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One line: at this instant row `id` was the last of `count`, with this hash. `file` names the file, `before` hashes the last line."""

    file: str
    line: int
    before: str
    at: str
    id: int
    count: int
    hash: str
    signature: str = ""

    def text(self) -> bytes:
        told = {name: value for name, value in asdict(self).items() if value or name != "signature"}
        return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()

    def signed(self, key: "Ed25519PrivateKey") -> "Anchor":
        return replace(self, signature=b64encode(key.sign(self.text())).decode())

    def is_signed_by(self, key: "Ed25519PublicKey") -> bool:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  slow to load, needed where a key is set

        try:
            key.verify(b64decode(self.signature, validate=True), replace(self, signature="").text())
        except (InvalidSignature, ValueError):
            return False
        return True


def read_line(raw: bytes) -> Anchor | None:
    """The anchor of one line, or None where it is none, or not written as we write it."""
    try:
        anchor = Anchor(**json.loads(raw))
        whole = all(isinstance(number, int) for number in (anchor.line, anchor.id, anchor.count))
        return anchor if whole and anchor.text() == raw else None
    except (ValueError, TypeError, RecursionError):
        return None


def line_hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def read_private_key(path: Path) -> "Ed25519PrivateKey":
    """AnchorKeyUnusable; OSError where it cannot be read."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    return _key(path, Ed25519PrivateKey, lambda pem: load_pem_private_key(pem, None))


def read_public_key(path: Path) -> "Ed25519PublicKey":
    """The public key in the file, or that of the private key in it. AnchorKeyUnusable; OSError where it cannot be read."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    if b"PRIVATE" in path.read_bytes():
        return read_private_key(path).public_key()
    return _key(path, Ed25519PublicKey, load_pem_public_key)


def _key(path: Path, kind: type, load: Any) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415

    try:
        found = load(path.read_bytes())
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:  # the second: a key that is locked with a password
        raise AnchorKeyUnusable(path=path) from fault
    if not isinstance(found, kind):
        raise AnchorKeyUnusable(path=path)
    return found


class AnchorFile:
    """The file while this process holds it: `last` is its last whole line."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path, self._handle = path, handle
        self._raw, self._end = _last_line(handle)
        self.last = read_line(self._raw) if self._raw else None
        if self._raw and self.last is None:
            raise AnchorFileForeign(path=path)

    def append(self, id: int, hash: str, at: datetime, key: "Ed25519PrivateKey | None") -> tuple[Anchor, str]:
        """Write one line and have the disk keep it; the anchor and its line's hash. OSError."""
        last = self.last
        made = Anchor(
            file=last.file if last else uuid4().hex, line=last.line + 1 if last else 1, before=line_hash(self._raw) if last else "",
            at=at.astimezone(UTC).isoformat(timespec="microseconds"), id=id, count=id, hash=hash,
        )  # fmt: skip
        made = made.signed(key) if key else made
        os.ftruncate(self._handle, self._end)  # half a line, of a process that was stopped while it wrote
        raw = made.text()
        os.pwrite(self._handle, raw + b"\n", self._end)
        os.fsync(self._handle)
        if last is None:
            _keep_name(self._path.parent)
        self.last, self._raw, self._end = made, raw, self._end + len(raw) + 1
        return made, line_hash(raw)


@contextmanager
def holding(path: Path) -> Iterator[AnchorFile]:
    """The file, made where it is not there, held against every other process until the block ends. AnchorFileForeign, OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield AnchorFile(path, handle)
    finally:
        os.close(handle)  # lets go of it, too


def _last_line(handle: int) -> tuple[bytes, int]:
    """The last whole line without its end, and where the next begins."""
    size = os.fstat(handle).st_size
    start = max(0, size - _LAST_BYTES)
    tail = os.pread(handle, size - start, start)
    whole = tail[: tail.rfind(b"\n") + 1]
    return whole[:-1].rpartition(b"\n")[2], start + len(whole)


def _keep_name(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class LineFault:
    """The first line that is not as it was written: `changed`, `missing` or `unsigned`."""

    wrong: str
    line: int


class Anchors:
    """A whole file, read once: its faults, and the anchors to hold the history against, by row and by line.

    What is kept is some 400 bytes a line. A line that is found wrong is not held against the history.
    """

    def __init__(self, path: Path, key: "Ed25519PublicKey | None" = None) -> None:
        self.path = path
        self.faults: list[LineFault] = []
        self.by_row: dict[int, list[Anchor]] = {}
        self.last: Anchor | None = None
        self.lines = self.signed = 0
        self.file = ""
        self._hashes: dict[int, str] = {}
        self._key = key
        before: tuple[int, str, Anchor | None] = (0, "", None)
        with path.open("rb") as lines:
            for raw in lines:
                if raw.endswith(b"\n"):  # half a line at the end was never an anchor
                    before = self._read(raw[:-1], before)
        if key and self.last and not self.last.signature:
            self._tell("unsigned", self.last.line)

    def _read(self, raw: bytes, before: tuple[int, str, Anchor | None]) -> tuple[int, str, Anchor | None]:
        number, hash, last = before
        anchor, due = read_line(raw), number + 1
        if anchor is None:
            self._tell("changed", due)
            return due, line_hash(raw), None
        forged = bool(self._key and anchor.signature and not anchor.is_signed_by(self._key))
        stripped = bool(self._key and self.signed and not anchor.signature)
        if anchor.line > due:
            self._tell("missing", due)
        elif anchor.line != due or anchor.file != (self.file or anchor.file) or anchor.count != anchor.id or forged:
            self._tell("changed", due)
        elif anchor.before != hash and (last is not None or number == 0):
            self._tell("changed", max(1, due - 1))
            self._forget(last)
        elif stripped:
            self._tell("unsigned", due)
        self._keep(anchor, raw)
        return anchor.line, line_hash(raw), anchor

    def _keep(self, anchor: Anchor, raw: bytes) -> None:
        self.file = self.file or anchor.file
        self.lines += 1
        self.signed += bool(anchor.signature)
        self.last = anchor
        self._hashes[anchor.line] = line_hash(raw)
        self.by_row.setdefault(anchor.id, []).append(anchor)

    def _forget(self, anchor: Anchor | None) -> None:
        if anchor:
            self.by_row[anchor.id] = [each for each in self.by_row.get(anchor.id, ()) if each is not anchor]

    def _tell(self, wrong: str, line: int) -> None:
        self.faults.append(LineFault(wrong, line))

    def bears_out(self, row: ChainRow) -> LineFault | None:
        """What is wrong with the line that this row of the history (WITNESS) tells of; None too where it is of another file."""
        facts = row["facts"] if isinstance(row["facts"], dict) else {}
        if row["subject"] != f"anchor:{self.file}":
            return None
        line = facts.get("line")
        found = self._hashes.get(line) if isinstance(line, int) else None
        if found is None:
            return LineFault("missing", line if isinstance(line, int) else 0)
        return None if found == facts.get("hash") else LineFault("changed", int(line or 0))
