"""What stands beside the pixels, in each kind: Exif and profiles that lead in circles, or lie."""

import random
import struct
import zlib

from PIL import ImageCms

from tests.hostile.made import TEXT, Hostile, Made, ready
from tests.hostile.of_jpeg import segment, with_segments
from tests.hostile.of_png import GOOD
from tests.hostile.of_webp import part, pixels, riff, vp8x
from tests.photographs import png


def _ifd(*entries: tuple[int, int, int, int], at: int = 8, next_at: int = 0) -> bytes:
    """A TIFF of one directory (tag, type, count, value or offset), as Exif is."""
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", at, len(entries)) + rows + struct.pack("<I", next_at) + TEXT


def exifs() -> Made:
    """Exif that leads in circles, out of itself, or to more than there is."""
    told = {
        "leads to itself": _ifd((0x0112, 3, 1, 6), next_at=8),
        "whose part leads to itself": _ifd((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8)),
        "begins beyond its end": _ifd((0x0112, 3, 1, 6), at=2**32 - 1),
        "begins within its head": _ifd((0x0112, 3, 1, 6), at=0),
        "says 65,535 entries": b"II*\0\x08\0\0\0\xff\xff" + TEXT,
        "of a value of 4 GiB": _ifd((0x010E, 2, 2**32 - 1, 8), (0x0112, 3, 1, 6)),
        "of a value beyond its end": _ifd((0x010E, 2, 100, 2**32 - 8)),
        "of values of no type": _ifd((0x0112, 0, 1, 6), (0x0112, 99, 1, 6)),
        "held in 4 billion ways": _ifd((0x0112, 3, 2**32 - 1, 6)),
        "divided by nothing": _ifd((0x011A, 5, 1, 8)),
        "of no order of bytes": b"XX*\0" + TEXT,
        "of nothing": b"",
        "of a picture within": _ifd((0x0100, 4, 1, 2**31 - 1), (0x0101, 4, 1, 2**31 - 1), (0x0111, 4, 1, 8), (0x0117, 4, 1, 2**32 - 1)),
        "as large as it may be": _ifd(*[(0x010E, 2, 4, 0)] * 5_000)[:65_000],
    }
    for name, exif in told.items():
        yield f"jpeg with Exif that {name}", ready(with_segments(segment(0xE1, b"Exif\0\0" + exif)))
        yield f"png with Exif that {name}", ready(png(GOOD[0], (b"eXIf", exif), *GOOD[1:]))
        yield f"webp with Exif that {name}", ready(riff(vp8x(0x08, 80, 60), *pixels(), part(b"EXIF", exif)))
    for turn in (0, 9, 255, 65_535):
        yield f"jpeg held in way {turn}", ready(with_segments(segment(0xE1, b"Exif\0\0" + _ifd((0x0112, 3, 1, turn)))))


def profiles() -> Made:
    """Profiles of colours that are none, are of other colours, or lie."""
    good = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    told = {
        "noise": random.Random(1).randbytes(4_000),
        "nothing but its head": good[:128],
        "one that says 4 GiB": b"\xff" * 4 + good[4:],
        "one of 4 billion parts": good[:128] + b"\xff" * 4 + good[132:],
        "one whose parts lie beyond it": good[:136] + b"\xff" * 4 + good[140:],
        "one of four colours": good[:16] + b"CMYK" + good[20:],
        "one of grey": good[:16] + b"GRAY" + good[20:],
        "one that links": good[:12] + b"link" + good[16:],
        "one of Lab": ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        "one of zeros behind its head": good[:128] + bytes(len(good) - 128),
    }
    for name, profile in told.items():
        yield f"jpeg whose profile is {name}", ready(with_segments(segment(0xE2, b"ICC_PROFILE\0\1\1" + profile[:60_000])))
        yield f"png whose profile is {name}", ready(png(GOOD[0], (b"iCCP", b"x\0\0" + zlib.compress(profile)), *GOOD[1:]))
    for name, numbers in {"out of order": (2, 1), "with a gap": (1, 3), "of part 0": (0, 1), "of one part twice": (1, 1)}.items():
        yield (
            f"jpeg whose profile comes {name}",
            ready(with_segments(*[segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 2]) + good) for n in numbers])),
        )
    yield (
        "jpeg whose profile is 255 times 60 kB",
        Hostile(lambda: with_segments(*[segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 255]) + bytes(60_000)) for n in range(1, 256)])),
    )
