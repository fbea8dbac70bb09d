"""What a font file says of its letters: which it has, and how wide they are. Only the four tables that this needs (OpenType 1.9)."""

import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sfnt:
    """One face of an OpenType file: `number` counts the faces of a collection, and is 0 in a file of one."""

    path: Path
    number: int = 0

    @cached_property
    def _tables(self) -> dict[bytes, bytes]:
        """The tables that are read here; the outlines, nearly all of the file, are not."""
        with self.path.open("rb") as file:
            start = 0
            if file.read(4) == b"ttcf":
                file.seek(12 + 4 * self.number)
                (start,) = struct.unpack(">I", file.read(4))
            file.seek(start + 4)
            (count,) = struct.unpack(">H", file.read(2))
            file.seek(start + 12)
            entries = [struct.unpack(">4sIII", file.read(16)) for _ in range(count)]
            found = {}
            for tag, _, offset, length in entries:
                if tag in {b"cmap", b"hmtx", b"hhea", b"head"}:
                    file.seek(offset)
                    found[tag] = file.read(length)
        return found

    @cached_property
    def _groups(self) -> NDArray[np.int64]:
        """(first letter, last letter, glyph of the first) in order: the Unicode subtable, the widest that there is."""
        table = self._tables[b"cmap"]
        (count,) = struct.unpack_from(">H", table, 2)
        entries = [struct.unpack_from(">HHI", table, 4 + 8 * nth) for nth in range(count)]
        offsets = {offset for platform, encoding, offset in entries if (platform, encoding) in {(3, 10), (3, 1), (0, 4), (0, 3), (0, 6)}}
        formats = {struct.unpack_from(">H", table, offset)[0]: offset for offset in sorted(offsets)}
        if 12 in formats:
            (groups,) = struct.unpack_from(">I", table, formats[12] + 12)
            return np.frombuffer(table, ">u4", groups * 3, formats[12] + 16).astype(np.int64).reshape(-1, 3)
        return _segments(table, formats[4]) if 4 in formats else np.empty((0, 3), np.int64)

    @cached_property
    def _widths(self) -> NDArray[np.float64]:
        """Of each glyph, in ems; those after the last repeat it."""
        (count,) = struct.unpack_from(">H", self._tables[b"hhea"], 34)
        (units,) = struct.unpack_from(">H", self._tables[b"head"], 18)
        return np.frombuffer(self._tables[b"hmtx"], ">u2", count * 2)[::2] / units

    def glyph(self, letter: str) -> int:
        """The number of the letter's glyph; 0 where the face has none."""
        code, groups = ord(letter), self._groups
        at = int(np.searchsorted(groups[:, 0], code, side="right")) - 1
        if at < 0 or code > groups[at, 1]:
            return 0
        return int(groups[at, 2] + code - groups[at, 0])

    def em(self, letter: str) -> float:
        """The letter's width in ems; 1, a square, where the face does not have it."""
        glyph = self.glyph(letter)
        return float(self._widths[min(glyph, len(self._widths) - 1)]) if glyph else 1.0


def _segments(table: bytes, start: int) -> NDArray[np.int64]:
    """A subtable of format 4 as groups; where a segment lists its glyphs one by one, so are its groups."""
    (twice,) = struct.unpack_from(">H", table, start + 6)
    count = twice // 2
    ends, starts, deltas, ranges = (
        np.frombuffer(table, ">u2", count, start + 14 + twice * nth + (2 if nth else 0)).astype(int) for nth in range(4)
    )
    found = []
    for nth in range(count):
        for code in range(starts[nth], ends[nth] + 1):
            glyph = code
            if ranges[nth]:
                at = start + 16 + 3 * twice + 2 * nth + ranges[nth] + 2 * (code - starts[nth])
                (glyph,) = struct.unpack_from(">H", table, at) if at + 2 <= len(table) else (0,)
            if glyph := (glyph + deltas[nth]) & 0xFFFF if glyph or not ranges[nth] else 0:
                found.append((code, code, glyph))
    return np.array(found, np.int64).reshape(-1, 3)
