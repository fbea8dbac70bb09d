"""A long output in parts: what was written before an interruption is kept, and the same command goes on behind it."""

import glob
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROWS_A_PART = 1 << 26  # half a minute of work: what a power cut costs at most (Ctrl-C costs nothing); to join parts costs, too


@dataclass(slots=True)
class Parts:
    """The parts of one output: those that are whole, and the one under way.

    A part counts once its note (rows and facts, JSON) is in place: after its data, in one step, so that no row is lost or doubled.
    """

    folder: Path
    suffix: str
    whole: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows in the parts that are whole."""
        return sum(part["rows"] for part in self.whole)

    @property
    def under_way(self) -> Path:
        return self.folder / f"{len(self.whole):05}{self.suffix}"

    def keep(self, note: dict[str, Any]) -> None:
        """The part under way is whole: its file is closed and holds note["rows"] rows."""
        with self.under_way.open("rb") as data:
            os.fsync(data.fileno())
        beside = self.folder / "note"
        beside.write_text(json.dumps(note))
        beside.replace(self.under_way.with_suffix(".json"))
        self.whole.append(note)

    def files(self) -> list[Path]:
        return [self.folder / f"{part:05}{self.suffix}" for part in range(len(self.whole))]


@contextmanager
def in_parts(out: Path, asked: Mapping[str, Any], join: Callable[[list[Path], Path], object]) -> Iterator[Parts]:
    """The parts of `out`, with those that an interrupted run of the same `asked` left; at the end they become `out`, joined if need be.

    Ctrl-C and a killed process leave the whole parts beside `out`; anything else that goes wrong leaves nothing.
    """
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:16]
    parts = Parts(out.with_name(f".{out.name}.{digest}.parts"), "".join(out.suffixes[-2:]))
    parts.folder.mkdir(exist_ok=True)
    while (note := parts.under_way.with_suffix(".json")).exists():
        parts.whole.append(json.loads(note.read_text()))
    try:
        yield parts
        files = parts.files()
        if len(files) > 1:
            joined = parts.folder / f"joined{parts.suffix}"
            join(files, joined)
            files = [joined]
        files[0].replace(out)
    except KeyboardInterrupt:
        if not parts.whole:
            shutil.rmtree(parts.folder)
        raise
    except BaseException:
        shutil.rmtree(parts.folder)
        raise
    for folder in out.parent.glob(f".{glob.escape(out.name)}.*.parts"):  # also what other interrupted runs left
        shutil.rmtree(folder)
