"""PNG: chunks and sizes that lie, and little that becomes much (W3C, Portable Network Graphics, third edition)."""

import struct
import zlib

from PIL import Image

from tests.hostile.made import TEXT, Hostile, Made, ready
from tests.photographs import header, leaves, png, written


def _chunk(name: bytes, data: bytes, *, length: int | None = None, crc: int | None = None) -> bytes:
    """A chunk, also one that lies."""
    sum_ = zlib.crc32(name + data) if crc is None else crc
    return struct.pack(">I", len(data) if length is None else length) + name + data + struct.pack(">I", sum_)


_MAGIC = b"\x89PNG\r\n\x1a\n"
_ROWS = zlib.compress(b"".join(b"\0" + bytes(range(30)) for _ in range(10)))  # 10 × 10 pixels in eight bits each of three colours
GOOD = ((b"IHDR", header(10, 10)[1]), (b"tEXt", b"Comment\0" + TEXT), (b"IDAT", _ROWS), (b"IEND", b""))


def chunks() -> Made:
    """Chunks that lie about themselves, come twice, in another order, or not."""
    for n, (name, _) in enumerate(GOOD):
        for how, lie in {
            "a wrong sum": {"crc": 1},
            "length 0": {"length": 0},
            "length 2 GiB": {"length": 2**31 - 1},
            "length 4 GiB": {"length": 2**32 - 1},
            "a byte too long": {"length": len(GOOD[n][1]) + 1},
        }.items():
            data = _MAGIC + b"".join(_chunk(*each, **(lie if n == m else {})) for m, each in enumerate(GOOD))
            yield f"png: {name.decode()} with {how}", ready(data, refused=name == b"IHDR" and how != "a wrong sum")
        yield f"png: no {name.decode()}", ready(png(*GOOD[:n], *GOOD[n + 1 :]), refused=name in {b"IHDR", b"IDAT"})
        yield f"png: {name.decode()} twice", ready(png(*GOOD[: n + 1], *GOOD[n:]))
    yield "png backwards in chunks", ready(png(*reversed(GOOD)), refused=True)
    yield "png of 20,000 empty chunks", ready(png(GOOD[0], *[(b"tEXt", b"")] * 20_000, *GOOD[2:]))
    yield "png of 20,000 chunks of pixels", ready(png(GOOD[0], *[(b"IDAT", b"")] * 20_000, *GOOD[2:]))
    yield "png of one critical chunk more that nobody knows", ready(png(GOOD[0], (b"EVIL", TEXT), *GOOD[2:]))
    for name, data in {
        b"PLTE": b"12",
        b"tRNS": b"1",
        b"gAMA": b"",
        b"cHRM": b"123",
        b"pHYs": b"1",
        b"sBIT": b"",
        b"bKGD": b"",
        b"hIST": b"1",
    }.items():
        yield f"png: a short {name.decode()}", ready(png(GOOD[0], (name, data), *GOOD[1:]))


def sizes() -> Made:
    """Sizes and depths that its pixels do not have, or that no picture has."""
    largest = 2**31 - 1
    for width, height in (
        (0, 0),
        (0, 10),
        (10, 0),
        (largest, 1),
        (1, largest),
        (largest, largest),
        (2**32 - 1, 2**32 - 1),
        (2**31, 10),
        (65_535, 65_535),
        (8_001, 8_000),
        (64_000_001, 1),
        (1, 64_000_001),
    ):
        yield f"png that says {width} × {height}", ready(png(header(width, height), *GOOD[1:]), refused=True)
    for width, height in ((8_000, 8_000), (64_000_000, 1), (1, 64_000_000), (11, 10), (10, 11), (9, 9)):
        yield f"png of few pixels that says {width} × {height}", ready(png(header(width, height), *GOOD[1:]), refused=width * height > 999)
    for depth, colour in ((0, 2), (3, 0), (255, 2), (16, 3), (1, 2), (8, 1), (8, 5), (8, 7), (8, 255), (4, 6)):
        yield f"png of depth {depth} and colours {colour}", ready(png(header(10, 10, depth=depth, colour=colour), *GOOD[1:]), refused=True)
    for at, what in ((10, "compression"), (11, "filter"), (12, "interlacing")):
        told = bytearray(GOOD[0][1])
        told[at] = 9
        yield f"png of an unknown {what}", ready(png((b"IHDR", bytes(told)), *GOOD[1:]))
    yield "png of a palette without one", ready(png(header(10, 10, colour=3), *GOOD[2:]))
    yield (
        "png whose pixels are of no such colour",
        ready(png(header(10, 10, colour=3), (b"PLTE", b"\xff\0\0"), (b"IDAT", zlib.compress((b"\0" + b"\xff" * 10) * 10)), (b"IEND", b""))),
    )
    yield "png whose rows are filtered by nobody knows what", ready(png(GOOD[0], (b"IDAT", zlib.compress(b"\x09" * 310)), (b"IEND", b"")))


def _zeros(mebibytes: int) -> bytes:
    """So many MiB of zeros as they are compressed: a thousandth of it."""
    packer, one = zlib.compressobj(9), bytes(2**20)
    return b"".join(packer.compress(one) for _ in range(mebibytes)) + packer.flush()


def bombs() -> Made:
    """Little that becomes much."""
    end = (b"IEND", b"")
    yield "png of more pixels than it says", Hostile(lambda: png(header(10, 10), (b"IDAT", _zeros(1024)), end))
    yield "png of 64 million pixels of nothing", Hostile(lambda: png(header(8_000, 8_000), (b"IDAT", _zeros(184)), end))
    yield (
        "png of 64 million pixels, deep and transparent",
        Hostile(lambda: png(header(8_000, 8_000, depth=16, colour=6), (b"IDAT", _zeros(489)), end)),
    )
    yield "png of 64 million pixels, transparent", Hostile(lambda: png(header(8_000, 8_000, colour=6), (b"IDAT", _zeros(245)), end))
    yield (
        "png of 64k × 64k in a hundred kilobytes",
        Hostile(lambda: png(header(65_536, 65_536, depth=1, colour=0), (b"IDAT", _zeros(100)), end), True),
    )
    bomb = _zeros(256)
    for name, begins in {b"zTXt": b"Comment\0\0", b"iCCP": b"sRGB\0\0", b"iTXt": b"XML:com.adobe.xmp\0\1\0\0\0"}.items():
        yield f"png whose {name.decode()} becomes 256 MiB", ready(png(GOOD[0], (name, begins + bomb), *GOOD[2:]))
        yield f"png whose {name.decode()} becomes 256 MiB behind its pixels", ready(png(GOOD[0], GOOD[2], (name, begins + bomb), end))
        yield f"png of a hundred {name.decode()} of 2 MiB", ready(png(GOOD[0], *[(name, begins + _zeros(2))] * 100, *GOOD[2:]))
        yield f"png whose {name.decode()} is not compressed", ready(png(GOOD[0], (name, begins + TEXT), *GOOD[2:]))
    for frames in (0, 1, 2**31 - 1, 2**32 - 1):
        yield f"png that says {frames} frames", ready(png(GOOD[0], (b"acTL", struct.pack(">II", frames, 0)), *GOOD[1:]))
    frame = struct.pack(">IIIIIHHBB", 0, 2**31 - 1, 2**31 - 1, 0, 0, 1, 1, 0, 0)
    yield "png of a frame beyond its picture", ready(png(GOOD[0], (b"acTL", struct.pack(">II", 2, 0)), (b"fcTL", frame), *GOOD[1:]))
    film = [Image.new("RGB", (60, 40), (n, 0, 0)) for n in range(200)]
    yield "png of 200 frames", Hostile(lambda: written("png", leaves(60, 40), save_all=True, append_images=film))
    yield "webp of 200 frames", Hostile(lambda: written("webp", leaves(60, 40), save_all=True, append_images=film))
