"""WebP: lengths, sizes and parts that lie (RFC 9649)."""

import random
import struct

from PIL import Image

from tests.hostile.made import TEXT, Hostile, Made, ready
from tests.photographs import leaves, written


def part(name: bytes, data: bytes, *, length: int | None = None) -> bytes:
    return name + struct.pack("<I", len(data) if length is None else length) + data + b"\0" * (len(data) % 2)


def riff(*parts: bytes, length: int | None = None) -> bytes:
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body) if length is None else length) + body


def vp8x(flags: int, width: int, height: int) -> bytes:
    return part(b"VP8X", struct.pack("<I", flags) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"))


def pixels(*, lossless: bool = False) -> tuple[bytes]:
    """The chunk that holds them."""
    return (written("webp", leaves(80, 60), lossless=lossless)[12:],)


def webps() -> Made:
    """Lengths, sizes and parts that lie."""
    [lossy], [lossless] = pixels(), pixels(lossless=True)
    for length in (0, 4, 30, 2**31, 2**32 - 2):
        yield f"webp that says {length} bytes", ready(riff(lossy, length=length))
        yield f"webp whose pixels say {length} bytes", ready(riff(lossy[:4] + struct.pack("<I", length) + lossy[8:]))
        yield f"webp, lossless, whose pixels say {length} bytes", ready(riff(lossless[:4] + struct.pack("<I", length) + lossless[8:]))
    for width, height in ((2**24, 2**24), (16_384, 16_384), (2**24, 1), (1, 1)):
        yield f"webp that says {width} × {height}", ready(riff(vp8x(0, width, height), lossy))
    yield "webp that says 16383 × 16383 within", ready(riff(lossy[:14] + b"\xff\x3f\xff\x3f" + lossy[18:]), refused=True)
    yield "webp, lossless, that says 16384 × 16384 within", ready(riff(lossless[:9] + b"\xff\xff\xff\x0f" + lossless[13:]), refused=True)
    yield "webp without pixels", ready(riff(vp8x(0, 80, 60), part(b"XMP ", TEXT)), refused=True)
    yield "webp of its pixels twice", ready(riff(vp8x(0, 80, 60), lossy, lossless))
    yield "webp within a webp", ready(riff(riff(lossy)), refused=True)
    yield "webp of 100,000 empty parts", ready(riff(vp8x(0, 80, 60), part(b"junk", b"") * 100_000, lossy))
    frame = struct.pack("<3s3s3s3s3sB", *[b"\xff\xff\xff"] * 5, 0)
    yield (
        "webp of a frame beyond its picture",
        ready(riff(vp8x(2, 80, 60), part(b"ANIM", bytes(6)), part(b"ANMF", frame + lossy)), refused=True),
    )
    yield (
        "webp of 2,000 frames of nothing",
        ready(riff(vp8x(2, 80, 60), part(b"ANIM", bytes(6)), part(b"ANMF", bytes(16)) * 2_000), refused=True),
    )
    noise = random.Random(2).randbytes(400)
    yield "webp whose transparency is noise", ready(riff(vp8x(0x10, 80, 60), part(b"ALPH", noise), lossy))
    yield "webp whose profile is noise", ready(riff(vp8x(0x20, 80, 60), part(b"ICCP", noise), lossy))
    yield "webp of 12 MB of notes", Hostile(lambda: riff(vp8x(4, 80, 60), lossy, part(b"XMP ", TEXT * 350_000)))
    yield "webp of 64 million pixels of nothing", Hostile(lambda: written("webp", Image.new("RGB", (8_000, 8_000)), method=0))
    yield "jpeg of 64 million pixels of nothing", Hostile(lambda: written("jpeg", Image.new("RGB", (8_000, 8_000)), progressive=True))
