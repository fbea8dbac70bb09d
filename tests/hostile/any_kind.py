"""Of any kind: cut short, changed, dressed up as another, joined with another, or none of the four."""

import random
from functools import partial

from tests.hostile.made import TEXT, Hostile, Made, ready
from tests.photographs import KINDS, leaves, photo, written

BEGINNING = {"jpeg": 3, "png": 8, "webp": 12, "heic": 40}  # bytes by which a file is told for its kind
_PAGE = b"<html><script>alert(document.cookie)</script>" + TEXT


def cut(parts: int = 12) -> Made:
    """Cut short, from the first byte to the last."""
    for kind in KINDS:
        data = photo(kind)
        for n in range(parts):
            at = 1 + (len(data) - 2) * n // (parts - 1)
            yield f"{kind} cut after {n} of {parts - 1} parts", ready(data[:at], refused=n < parts // 2)


def flipped(each: int = 18) -> Made:
    """Some bits changed, a few or many, anywhere behind the beginning."""
    for kind in KINDS:
        for seed in range(each):
            yield f"{kind} with changed bits, {seed}", Hostile(partial(_flip, kind, seed))


def _flip(kind: str, seed: int) -> bytes:
    draw, data = random.Random(seed), bytearray(photo(kind))
    for _ in range((1, 4, 40)[seed % 3]):
        data[draw.randrange(BEGINNING[kind], len(data))] ^= 1 << draw.randrange(8)
    return bytes(data)


def overwritten() -> Made:
    """A run of bytes replaced, taken out, doubled or moved."""
    for kind in KINDS:
        data, begin = photo(kind), BEGINNING[kind]
        for n, at in enumerate((begin, begin + 40, len(data) // 2, len(data) - 60)):
            end = at + 50
            for how, run in (("zeros", bytes(50)), ("ones", b"\xff" * 50), ("nothing", b""), ("itself twice", data[at:end] * 2)):
                yield f"{kind}: {how} in place {n}", ready(data[:at] + run + data[end:])
        yield f"{kind} backwards behind its beginning", ready(data[:begin] + data[:begin:-1], refused=True)


def dressed() -> Made:
    """The beginning of one kind and the rest of another, of noise, or of much of nothing."""
    for kind in KINDS:
        begins = photo(kind)[: BEGINNING[kind]]
        for other in KINDS:
            if other != kind:
                yield f"{kind} at first, {other} behind", ready(begins + photo(other), refused=True)
        for seed in range(3):
            yield f"{kind} at first, noise behind, {seed}", ready(begins + random.Random(seed).randbytes(5_000), refused=True)
        yield f"{kind} at first, 19 MiB of zeros behind", Hostile(lambda begins=begins: begins + bytes(19 * 2**20), True)  # type: ignore[misc]
        yield f"{kind} at first, 19 MiB of ones behind", Hostile(lambda begins=begins: begins + b"\xff" * (19 * 2**20), True)  # type: ignore[misc]


def elsewhere() -> Made:
    """None of the four."""
    others = {
        "nothing but a byte": b"G",
        "a gif": written("gif", leaves(40, 30)),
        "a tiff": written("tiff", leaves(40, 30)),
        "a bmp": written("bmp", leaves(40, 30)),
        "an icon": written("ico", leaves(40, 30)),
        "a targa": written("tga", leaves(40, 30)),
        "a jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(80),
        "a jpeg xl": b"\xff\x0a" + bytes(80),
        "an avif": b"\0\0\0\x18ftypavif" + bytes(4) + b"mif1avif",
        "a film": b"\0\0\0\x14ftypisom" + bytes(4) + b"mp42" + bytes(80),
        "a zip": b"PK\x03\x04" + bytes(80),
        "a gzip": b"\x1f\x8b\x08" + bytes(80),
        "a pdf": b"%PDF-1.7\n" + _PAGE,
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run",
        "a page": _PAGE,
        "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "a drawing that grows": b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><svg>&b;</svg>',
        "a program": b"\x7fELF\x02\x01\x01" + bytes(80),
        "a program of Windows": b"MZ" + bytes(80),
        "a script": b"#!/bin/sh\nrm -rf /\n",
        "a pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
        "a database": b"SQLite format 3\0" + bytes(80),
        "a list of commands": b"push graphic-context\nfill 'url(https://127.0.0.1/\"|ls \"-la)'",
        "a psd": b"8BPS\0\1" + bytes(80),
        "a wmf": b"\xd7\xcd\xc6\x9a" + bytes(80),
        "a riff of sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
    }
    for name, data in others.items():
        yield name, ready(data, refused=True)


def joined() -> Made:
    """Two files in one: whoever opens it as the other would find that."""
    zipped = b"PK\x03\x04\x14\0\0\0\0\0" + bytes(16) + b"\x01\0\0\0x" + b"PK\x05\x06" + bytes(18)
    guests = {"a page": _PAGE, "a zip": zipped, "a pdf": b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF", "a program": b"\x7fELF" + bytes(400)}
    for kind in KINDS:
        for name, guest in guests.items():
            yield f"{kind} with {name} behind", ready(photo(kind) + guest)
        yield f"{kind} after a gif's beginning", ready(b"GIF89a" + photo(kind), refused=True)
        yield f"{kind} twice", ready(photo(kind) + photo(kind))
