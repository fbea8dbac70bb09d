"""JPEG: frames and segments that lie, or that are without end (ITU-T T.81)."""

import struct
from functools import partial

from PIL import Image

from tests.hostile.made import LARGEST, TEXT, Hostile, Made, ready
from tests.photographs import leaves, written


def segment(marker: int, data: bytes, *, length: int | None = None) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2 if length is None else length) + data


def _plain(**how: object) -> bytes:
    return written("jpeg", leaves(80, 60), **how)


def with_segments(*segments: bytes) -> bytes:
    """A good JPEG, with these in front of the rest."""
    return b"\xff\xd8" + b"".join(segments) + _plain()[2:]


def _framed(at: int, new: bytes, **how: object) -> bytes:
    """A JPEG with bytes of its frame's header replaced, from the byte behind its length on (T.81, B.2.2)."""
    data = _plain(**how)
    frame = data.index(b"\xff\xc2\0\x11" if how.get("progressive") else b"\xff\xc0\0\x11") + 4
    return data[: frame + at] + new + data[frame + at + len(new) :]


def frames() -> Made:
    """Sizes, depths, colours and ways to code that its pixels do not have."""
    for width, height in ((0, 0), (0, 60), (80, 0), (65_535, 65_535), (65_535, 1), (1, 65_535), (8_000, 8_000), (81, 61)):
        made = _framed(1, struct.pack(">HH", height, width))
        yield f"jpeg that says {width} × {height}", ready(made, refused=0 in {width, height} or width * height > 10**8)
    yield "jpeg, progressive, that says 8000 × 8000", ready(_framed(1, struct.pack(">HH", 8_000, 8_000), progressive=True))
    for depth in (0, 1, 12, 16, 255):
        yield f"jpeg of depth {depth}", ready(_framed(0, bytes([depth])), refused=True)
    for colours in (0, 1, 2, 4, 255):
        yield f"jpeg of {colours} colours", ready(_framed(5, bytes([colours])), refused=True)
    for sampled in (0x00, 0x55, 0xFF, 0x14, 0x41):
        yield f"jpeg sampled {sampled:#x}", ready(_framed(7, bytes([sampled])))
    for way in (0xC1, 0xC3, 0xC5, 0xC7, 0xC9, 0xCB, 0xCD, 0xCF):
        yield f"jpeg coded as {way:#x}", ready(_plain().replace(b"\xff\xc0\0\x11", bytes([0xFF, way]) + b"\0\x11", 1))
    for table in (0xC4, 0xDB, 0xDA):
        yield f"jpeg without {table:#x}", ready(_without(table))
        yield f"jpeg whose {table:#x} is of length 2", ready(with_segments(segment(table, b"")))
    yield "jpeg of 3,000 scans", Hostile(_scans, False)
    yield "jpeg of restarts at each block", ready(with_segments(segment(0xDD, b"\0\1")))


def _without(marker: int) -> bytes:
    data = _plain()
    at = data.index(bytes([0xFF, marker]))
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


def _scans(times: int = 3_000) -> bytes:
    """Large, and its last pass once more, and once more: each costs a walk over all pixels (T.81, G.1)."""
    data = written("jpeg", Image.new("RGB", (4_000, 4_000)), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * min(times, (LARGEST - last) // (len(data) - last)) + b"\xff\xd9"


def segments() -> Made:
    """Segments without end, without length, or by the thousand."""
    for length in (0, 1, 2, 65_535):
        yield f"jpeg with a segment of length {length}", ready(with_segments(segment(0xE1, b"Exif\0\0" + TEXT, length=length)))
    for marker in (0xFE, 0xE1, 0xE2, 0xED, 0xEE, 0xEB):
        many = segment(marker, (TEXT * 2000)[:60_000]) * 200
        yield f"jpeg with 12 MB of {marker:#x}", Hostile(partial(with_segments, many))
    yield "jpeg after a million fill bytes", Hostile(lambda: b"\xff\xd8" + b"\xff" * 1_000_000 + _plain()[2:])
    yield "jpeg of markers alone", Hostile(lambda: b"\xff\xd8\xff" + b"\xd0\xff" * 1_000_000, True)
    yield "jpeg that begins 100,000 times", Hostile(lambda: b"\xff\xd8" * 100_000 + _plain())
    yield "jpeg with a preview larger than its segment", ready(with_segments(segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\xff\xff" + TEXT)))
    yield "jpeg of Adobe's colours of nobody knows which", ready(with_segments(segment(0xEE, b"Adobe\0\x64\0\0\0\0\xff")))
    yield "jpeg with four colours", ready(written("jpeg", leaves(80, 60).convert("CMYK"), comment=TEXT))
    for count in (0, 2, 65_535):
        index = struct.pack("<4sIHHHI4sIHIII", b"II*\0", 8, 2, 0xB000, 7, 4, b"0100", 0xB001, 4, 1, count, 0)
        yield f"jpeg that says it is {count} pictures", ready(with_segments(segment(0xE2, b"MPF\0" + index)))
    photoshop = b"Photoshop 3.0\x008BIM" + struct.pack(">HHI", 0x0404, 0, 2**31)
    yield "jpeg whose note of Photoshop says 2 GiB", ready(with_segments(segment(0xED, photoshop + TEXT)))
