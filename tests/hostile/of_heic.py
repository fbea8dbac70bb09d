"""HEIC: boxes, items and sizes that lie (ISO/IEC 14496-12, 23008-12)."""

import io
import struct

import numpy as np
import pillow_heif
from PIL import Image

from tests.hostile.any_kind import BEGINNING
from tests.hostile.made import Hostile, Made, ready
from tests.photographs import leaves, photo, taken, written


def box(name: bytes, data: bytes, *, length: int | None = None) -> bytes:
    return struct.pack(">I", len(data) + 8 if length is None else length) + name + data


def _patched(name: bytes, at: int, new: bytes) -> bytes:
    """A HEIC with bytes replaced, counted from the name of a box on."""
    data = photo("heic")
    begin = data.index(name) + at
    return data[:begin] + new + data[begin + len(new) :]


_BOXES = (b"meta", b"hdlr", b"pitm", b"iloc", b"iinf", b"infe", b"iprp", b"ipco", b"hvcC", b"ispe", b"ipma", b"mdat")


def boxes() -> Made:
    """Each box with a length that lies, another name, or nothing in it."""
    for name in _BOXES:
        if name not in photo("heic"):
            continue
        for length in (0, 1, 7, 2**31, 2**32 - 1):
            yield f"heic: {name.decode()} of length {length}", ready(_patched(name, -4, struct.pack(">I", length)))
        yield f"heic: {name.decode()} by another name", ready(_patched(name, 0, b"evil"))
        yield f"heic: ones in {name.decode()}", ready(_patched(name, 8, b"\xff" * 12))
        yield f"heic: zeros in {name.decode()}", ready(_patched(name, 4, bytes(16)))


def heics() -> Made:
    """Sizes, items and depths of boxes that lie."""
    begins = photo("heic")[: BEGINNING["heic"]]
    for width, height in ((0, 0), (2**32 - 1, 2**32 - 1), (65_535, 65_535), (64_000_000, 1), (8_000, 8_000), (1, 1)):
        yield f"heic that says {width} × {height}", ready(_patched(b"ispe", 8, struct.pack(">II", width, height)))
    yield "heic whose main picture is none of its own", ready(_patched(b"pitm", 8, b"\xff\xff"), refused=True)
    nested = b""
    for _ in range(2_000):
        nested = box(b"meta", bytes(4) + nested)
    yield "heic of 2,000 boxes within each other", ready(begins + nested, refused=True)
    yield "heic of 100,000 boxes of nothing", ready(begins + box(b"free", b"") * 100_000, refused=True)
    yield "heic of one box without end", ready(begins + struct.pack(">I", 1) + b"meta" + b"\xff" * 8 + bytes(80), refused=True)
    yield "heic after 100,000 boxes of nothing", Hostile(_heic_after)
    yield "heic of 100 pictures", Hostile(_heic_of_many)
    yield "heic whose kinds are a film's", ready(photo("heic").replace(b"heic", b"hevc").replace(b"mif1", b"msf1"))
    large = np.zeros((4_000, 4_000, 3), np.uint8)
    yield "heic of 16 million pixels of nothing", Hostile(lambda: written("heic", Image.fromarray(large)))
    yield "heic with transparency", Hostile(lambda: written("heic", leaves().convert("RGBA")))
    yield "heic with all that it can carry", Hostile(lambda: taken("heic"))


def _heic_after() -> bytes:
    data = photo("heic")
    first = int.from_bytes(data[:4], "big")
    return data[:first] + box(b"free", b"") * 100_000 + data[first:]


def _heic_of_many() -> bytes:
    several, out = pillow_heif.from_pillow(leaves(64, 64)), io.BytesIO()
    for _ in range(99):
        several.add_from_pillow(leaves(64, 64))
    several.save(out, primary_index=50)
    return out.getvalue()
