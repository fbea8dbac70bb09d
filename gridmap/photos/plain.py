"""Whether bytes are a JPEG with nothing in it but a picture. Asked of what the decoding process answers, which a hostile file may have
taken over: what it says is not believed but looked at, and only what this finds plain is kept.

A JPEG (ITU-T T.81, annex B) is a row of segments, each with a marker and most with a length; after the last header come coded data, in
which a byte 0xFF is followed by 0x00. Metadata of every sort (Exif, XMP, ICC, IPTC, previews) are segments APP1 to APP15; COM is text.
"""

from typing import NamedTuple

_START, _END = b"\xff\xd8", b"\xff\xd9"
_FRAME, _TABLES, _SCAN, _JFIF = 0xC0, frozenset({0xC4, 0xDB}), 0xDA, 0xE0
# "JFIF", version 1.1, no unit, 1 × 1, and no preview: the same eighteen bytes in each of ours.
JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


class Size(NamedTuple):
    width: int
    height: int


def plain_size(data: bytes) -> Size | None:
    """The size of a plain JPEG in pixels: the 18 bytes that say JFIF, tables, one baseline frame of three colours, one scan, the end, and
    not a byte beside them. None for anything else."""
    if not data.startswith(_START + JFIF) or not data.endswith(_END):
        return None
    at, size = len(_START + JFIF), None
    while data[at : at + 1] == b"\xff":
        marker, length = data[at + 1 : at + 2], int.from_bytes(data[at + 2 : at + 4], "big")
        part = data[at + 4 : at + 2 + length]
        if not marker or length < 2 or len(part) != length - 2:
            return None
        at += 2 + length
        if marker[0] == _SCAN:
            return size if size and _is_one_scan(data[at : -len(_END)]) else None
        if marker[0] == _FRAME and size is None:
            size = _frame(part)
        elif marker[0] not in _TABLES:
            return None
    return None


def _frame(part: bytes) -> Size | None:
    """Eight bits each of three colours."""
    is_ours = len(part) == 15 and part[0] == 8 and part[5] == 3
    return Size(int.from_bytes(part[3:5], "big"), int.from_bytes(part[1:3], "big")) if is_ours else None


def _is_one_scan(coded: bytes) -> bool:
    """Coded data up to the end: no marker among them, so nothing after the picture and no second one."""
    return bool(coded) and coded.count(b"\xff") == coded.count(b"\xff\x00")
