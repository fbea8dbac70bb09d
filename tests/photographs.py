"""Pictures as phones write them, with words planted wherever a file has room beside its pixels, and an eye of its own that finds them."""

import base64
import io
import struct
import zlib
from functools import cache
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, PngImagePlugin

CANARY = "canary-13900001234-N28.004E113.004"
SPELT = tuple(
    {
        CANARY.encode(),
        CANARY.encode("utf-16-le"),
        CANARY.encode("utf-16-be"),
        base64.b64encode(CANARY.encode())[:-4],
        CANARY.encode().hex().encode(),
    }
)
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><c>{CANARY}</c></rdf:RDF></x:xmpmeta>'.encode()
KINDS = ("jpeg", "png", "webp", "heic")


def leaves(width: int = 300, height: int = 200) -> Image.Image:
    """A picture with four corners that differ, and some noise."""
    picture = Image.fromarray(np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8))
    for colour, left, top in (("red", 0, 0), ("lime", 1, 0), ("blue", 0, 1), ("white", 1, 1)):
        part = (left * width // 2, top * height // 2, (left + 1) * width // 2, (top + 1) * height // 2)
        picture.paste(Image.blend(Image.new("RGB", (part[2] - part[0], part[3] - part[1]), colour), picture.crop(part), 0.05), part)
    return picture


def exif(orientation: int = 1) -> bytes:
    """Maker, owner, where and when, and how it was held."""
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010F] = made[0x013B] = made[0x010E] = CANARY  # maker, artist, description
    made.get_ifd(0x8825).update({1: "N", 2: (28.0, 0.0, 14.4), 3: "E", 4: (113.0, 0.0, 14.4), 29: CANARY})  # GPS
    made.get_ifd(0x8769).update({0x9003: CANARY, 0x9286: b"ASCII\0\0\0" + CANARY.encode(), 0xA431: CANARY})
    return made.tobytes()


def profile() -> bytes:
    """sRGB, with words of ours in it."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return bytes(data) + CANARY.encode()


def taken(kind: str, picture: Image.Image | None = None, **more: Any) -> bytes:
    """The file of a picture, of a kind, with CANARY wherever that kind has room for it."""
    planted: dict[str, Any] = {"exif": exif(more.pop("orientation", 1)), "icc_profile": profile()}
    if kind == "png":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Comment", CANARY)
        notes.add_text("Author", CANARY, zip=True)
        notes.add_itxt("XML:com.adobe.xmp", XMP.decode())
        planted |= {"pnginfo": notes}
    elif kind == "jpeg":
        planted |= {"comment": CANARY.encode(), "xmp": XMP}
    else:
        planted |= {"xmp": XMP}
    return written(kind, picture or leaves(), **planted, **more)


def written(kind: str, picture: Image.Image, **how: Any) -> bytes:
    out = io.BytesIO()
    if kind == "heic":
        pillow_heif.from_pillow(picture).save(out, quality=80, **how)
    else:
        picture.save(out, kind.upper(), **how)
    return out.getvalue()


@cache
def photo(kind: str) -> bytes:
    """One of each kind, made once."""
    return taken(kind)


def hits(data: bytes) -> list[bytes]:
    """How CANARY stands in the bytes, however it is spelt."""
    return [spelt for spelt in SPELT if spelt in data]


def segments(data: bytes) -> list[int]:
    """The markers of a JPEG up to its coded data, read by the book (T.81, B.1.1.4)."""
    found, at = [data[1]], 2
    while found[-1] != 0xDA:
        assert data[at] == 0xFF
        found.append(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of chunks as they are given."""
    made = b"".join(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + made


def header(width: int, height: int, *, depth: int = 8, colour: int = 2) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
