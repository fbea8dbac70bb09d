"""What was planted, found again in whatever came out: as it was written, and as it would be encoded."""

import base64
import binascii
import html
import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote_plus

import numpy as np
from numpy.typing import NDArray

from gridmap.geometry.metres import metres_per_degree
from gridmap.incidents import Channel, Report
from gridmap.incidents.public import square_of

FAR_M = 100.0
CONTACT = re.compile(r"139[89]000\d{4}|qzx\d+\.canary|金丝雀\d+号")
WORDS = re.compile(r"xq(?:text|place|sender)\d+q")
NUMBERS = re.compile(r"\d{4}-\d{6}(?!\d)|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){10,}[0-9a-fA-F]?")
_DECIMAL = re.compile(r"-?\d+\.\d{2,}")
LATTICE = 0.005  # degrees: corners, centres and labels of the small land lie on it


def contact_of(n: int) -> str:
    """A contact that stands nowhere else, for n below 10,000: a phone, a mail address, a name with a phone.

    The three zeros keep the digits of a digest from looking like a phone: one in 20,000 digests held an 1399 with any seven behind it.
    """
    return (f"1399{n:07}", f"qzx{n}.canary@mail.example.cn", f"金丝雀{n}号 1398{n:07}")[n % 3]


def planted(count: int, issues: tuple[str, ...]) -> list[Report]:
    """Reports over the small land, each with its own contact, texts and point; no point lies near one that the land itself has."""
    rng = random.Random(7)
    made: list[Report] = []
    while len(made) < count:
        n, lon, lat = len(made), rng.uniform(113.0, 113.04), rng.uniform(28.0, 28.02)
        if _is_plain(lon, lat):
            made.append(
                Report(
                    issue=issues[n % len(issues)], channel=Channel.HOTLINE, lon=lon, lat=lat, datum="wgs84", text=f"xqtext{n}q",
                    place=f"xqplace{n}q", sender="hotline", sender_number=f"xqsender{n}q", key=f"key-{n}", contact=contact_of(n),
                )
            )  # fmt: skip
    return made


def _is_plain(lon: float, lat: float) -> bool:
    """Far from the middle of its square, and from its north and south sides, on which the corners of other squares lie."""
    square = square_of(lon, lat)
    _, south, _, north = square.bounds
    lattice = (round(lon / LATTICE) * LATTICE, round(lat / LATTICE) * LATTICE)
    known = ((lon, south), (lon, north), (square.lon, square.lat), lattice)
    return all(metres((lon, lat), other) > FAR_M + 5 for other in known)


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    east, north = metres_per_degree(a[1])
    return math.hypot((a[0] - b[0]) * east, (a[1] - b[1]) * north)


def readings(text: str) -> Iterator[str]:
    """The text, and what it says when it is read as encoded."""
    yield text
    yield unquote_plus(text)
    yield html.unescape(text)
    if "\\u" in text:
        yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    for found in _BASE64.finditer(text):
        yield from _decoded_base64(found[0])
    for found in _HEX.finditer(text):
        for start in (0, 1):
            digits = found[0][start:]
            yield binascii.unhexlify(digits[: len(digits) // 2 * 2]).decode("utf-8", "ignore")


def _decoded_base64(letters: str) -> Iterator[str]:
    plain = letters.replace("-", "+").replace("_", "/")
    for start in range(4):
        part = plain[start:]
        yield base64.b64decode(part[: len(part) // 4 * 4]).decode("utf-8", "ignore")


def found(text: str, *patterns: re.Pattern[str]) -> set[str]:
    """What of the planted stands in the text, however it is written."""
    return {hit[0] for reading in readings(text) for pattern in patterns for hit in pattern.finditer(reading)}


@dataclass
class Points:
    """The true points, and where an answer comes too near to one."""

    points: NDArray[np.float64]

    @classmethod
    def of(cls, reports: list[Report]) -> "Points":
        return cls(np.array([(one.lon, one.lat) for one in reports], dtype=float))

    def told(self, text: str) -> list[tuple[float, float]]:
        """The true points that the text tells to four decimals, or nearer than 100 m."""
        numbers = [float(hit[0]) for hit in _DECIMAL.finditer(text)]
        pairs = np.array(list(pairwise(numbers)) or [(0.0, 0.0)])
        east, north = metres_per_degree(28.0)
        near: set[int] = set()
        for ordered in (pairs, pairs[:, ::-1]):
            ours = ordered[(abs(ordered[:, 0] - 113) < 1) & (abs(ordered[:, 1] - 28) < 1)]
            away = np.hypot((self.points[:, None, 0] - ours[None, :, 0]) * east, (self.points[:, None, 1] - ours[None, :, 1]) * north)
            near |= set(np.flatnonzero((away < FAR_M).any(axis=1)).tolist())
        told = {written for number in numbers for written in (f"{number:.4f}", f"{math.trunc(number * 1e4) / 1e4:.4f}")}
        both = (i for i, (lon, lat) in enumerate(self.points) if f"{lon:.4f}" in told and f"{lat:.4f}" in told)
        return [tuple(self.points[i]) for i in near | set(both)]
