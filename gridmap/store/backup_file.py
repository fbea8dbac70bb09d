"""One file that holds a whole database: a ZIP with a manifest, each table or the SQLite file, and a seal over every byte before it.

Any ZIP tool opens it. The seal is the archive's comment, its last bytes: a SHA-256 of all that comes before, so that a file that was cut
short, or in which one bit changed, is known before anything of it is believed. It keeps accidents away, not forgers: who can write the
file can seal it anew.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from gridmap.errors import BadInput

KIND = b"application/vnd.gridmap.backup+zip"
FORMAT = 1
MANIFEST = "manifest.json"
_FIRST = "mimetype"  # stored, so that the first bytes of the file say what it is, as in other formats that are ZIPs
_SEAL = b"gridmap backup, SHA-256 of all before these 64 letters: "
_LETTERS = 64
_AT_ONCE = 1 << 20

Advance = Callable[[int], object]
"""Told after each step how many bytes more are done."""


class BackupForeign(BadInput):
    """The file is no backup of Gridmap; facts: path."""


class BackupDamaged(BadInput):
    """The file is a backup, and not as it was written; facts: path."""


class BackupNewer(BadInput):
    """A newer version wrote the file in a way that this one does not know; facts: path, version."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file within: a table's, with its columns and rows, or SQLite's whole (no columns, all rows). `sha256` is of `size` bytes."""

    name: str
    rows: int
    size: int
    sha256: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds: of which database and schema, at which head of the history, which editions, and its parts in order."""

    made_at: str
    version: str
    database: str
    server: str
    schema: str
    head: int
    head_hash: str
    editions: Mapping[str, str]
    rows: Mapping[str, int]
    parts: tuple[Part, ...]
    format: int = FORMAT


class BackupWriter:
    """The archive while it is written, one part after the other."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self.parts: list[Part] = []

    def add(self, name: str, columns: tuple[str, ...], fill: Callable[["Tally"], int]) -> Part:
        """Write a part: `fill` writes its bytes and answers how many rows they are."""
        with self._archive.open(name, "w", force_zip64=True) as file:
            tally = Tally(file)
            rows = fill(tally)
            tally.flush()
        self.parts.append(made := Part(name, rows, tally.size, tally.sha256, columns))
        return made

    def end(self, manifest: Manifest) -> None:
        self._archive.writestr(MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=2))


class Tally:
    """What is written through it, or nowhere, counted and hashed."""

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self._file, self._hash, self._held, self._waiting = file, hashlib.sha256(), list[bytes](), 0
        self.size = 0

    def write(self, data: bytes) -> int:
        """PostgreSQL writes row by row: a megabyte at once is quicker to compress."""
        self._held.append(data)
        self._waiting += len(data)
        if self._waiting >= _AT_ONCE:
            self.flush()
        return len(data)

    def flush(self) -> None:
        data = b"".join(self._held)
        self._held, self._waiting = [], 0
        self._hash.update(data)
        self.size += len(data)
        if self._file is not None:
            self._file.write(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def writing(path: Path) -> Iterator[BackupWriter]:
    """A new archive at `path`, readable by its owner alone; sealed and kept by the disk when the block ends well. OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w+b") as file:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(ZipInfo(_FIRST), KIND, ZIP_STORED)
            yield BackupWriter(archive)
            archive.comment = _SEAL + b"0" * _LETTERS
        end = file.seek(-_LETTERS, os.SEEK_END)
        seal = _hash(file, end).encode()
        file.seek(end)
        file.write(seal)
        file.flush()
        os.fsync(file.fileno())


def _hash(file: BinaryIO | IO[bytes], end: int, advance: Advance = lambda size: None) -> str:
    """SHA-256 (hex) of the first `end` bytes."""
    seal, left = hashlib.sha256(), end
    file.seek(0)
    while left and (data := file.read(min(left, _AT_ONCE))):
        seal.update(data)
        left -= len(data)
        advance(len(data))
    return seal.hexdigest()


class Backup:
    """An archive that is as it was written: its seal holds. `seal` is its name among backups."""

    def __init__(self, path: Path, archive: ZipFile, manifest: Manifest, seal: str) -> None:
        self.path, self.manifest, self.seal = path, manifest, seal
        self._archive = archive

    def open(self, part: Part) -> IO[bytes]:
        return self._archive.open(part.name)


@contextmanager
def reading(path: Path, advance: Advance = lambda size: None) -> Iterator[Backup]:
    """The archive at `path`, once every byte of it was held against its seal. BackupForeign, BackupDamaged, BackupNewer; OSError."""
    with path.open("rb") as file:
        seal = _check_seal(file, path, advance)
        try:
            with ZipFile(file) as archive:
                yield Backup(path, archive, _manifest(archive, path), seal)
        except BadZipFile as fault:
            raise BackupDamaged(path=path) from fault


def _check_seal(file: BinaryIO, path: Path, advance: Advance) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(128)
    file.seek(max(0, size - _LETTERS - len(_SEAL)))
    tail = file.read()
    if not (_begins_ours(head) or tail.startswith(_SEAL)):
        raise BackupForeign(path=path)
    seal = tail[-_LETTERS:].decode("latin-1")
    if not tail.startswith(_SEAL) or _hash(file, size - _LETTERS, advance) != seal:
        raise BackupDamaged(path=path)
    return seal


def _begins_ours(head: bytes) -> bool:
    """Whether the first bytes could be ours, also where one of them was damaged."""
    return head.startswith(b"PK\x03\x04") and (KIND in head or _FIRST.encode() in head)


def _manifest(archive: ZipFile, path: Path) -> Manifest:
    """BackupDamaged where somebody sealed what is no manifest."""
    try:
        told: dict[str, Any] = json.loads(archive.read(MANIFEST))
        if told.get("format") != FORMAT:
            raise BackupNewer(path=path, version=told.get("version", "-"))
        parts = tuple(Part(**{**each, "columns": tuple(each["columns"])}) for each in told["parts"])
        return Manifest(**{**told, "parts": parts})
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise BackupDamaged(path=path) from fault
