"""The index as one run of bytes: what is in memory is what is saved, so that opening a file is mapping it."""

import mmap
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadInput, FileMissing
from gridmap.grid.index.compiled import compiled
from gridmap.grid.index.cores import on_all_cores
from gridmap.grid.index.frame import Frame
from gridmap.grid.index.land import Land

# The head: 32 words of 8 bytes. MAGIC names format, version and byte order; a new layout gets a new one.
MAGIC = int.from_bytes(b"GRIDIX01", "little")
HEAD_BYTES = 256
LINE = 64  # every part starts a cache line
CHECKED, OVERLAPS, FRAME, SIZES = 1, 2, 3, 11  # words of the head: checksum of all bytes behind it; overlaps; frame; lengths of the parts
PARTS = 10
BYTES_A_THREAD = 1 << 21  # fewer are not worth a second thread


class IndexDamaged(BadInput):
    """A file that is no saved index of this version, or no longer whole; facts: path."""


@compiled
def land_of(image: NDArray[np.uint8]) -> Land:
    """The arrays that lie in an image; nothing is copied."""
    words, numbers = image[:HEAD_BYTES].view(np.int64), image[:HEAD_BYTES].view(np.float64)
    frame = Frame(numbers[3], numbers[4], numbers[5], numbers[6], numbers[7], numbers[8], words[9], words[10])
    at = np.empty(PARTS + 1, dtype=np.int64)
    at[0] = HEAD_BYTES
    for part in range(PARTS):
        at[part + 1] = at[part] + (words[SIZES + part] + LINE - 1) // LINE * LINE
    size = words[SIZES : SIZES + PARTS]
    return Land(
        frame,
        image[at[0] : at[0] + size[0]].view(np.int64),
        image[at[1] : at[1] + size[1]].view(np.int32),
        image[at[2] : at[2] + size[2]].view(np.int64),
        image[at[3] : at[3] + size[3]].view(np.int32).reshape(-1, 2),
        image[at[4] : at[4] + size[4]].view(np.int32),
        image[at[5] : at[5] + size[5]].view(np.int32),
        image[at[6] : at[6] + size[6]].view(np.float64).reshape(-1, 2),
        image[at[7] : at[7] + size[7]].view(np.int64),
        image[at[8] : at[8] + size[8]].view(np.int32),
        image[at[9] : at[9] + size[9]].view(np.int32),
    )


def image_of(land: Land, overlaps: int) -> NDArray[np.uint8]:
    """The image of an index, read-only. It holds copies: the arrays given may go."""
    parts = [np.ascontiguousarray(part).reshape(-1).view(np.uint8) for part in land[1:]]
    ends = np.cumsum([HEAD_BYTES, *(_aligned(part.nbytes) for part in parts)])
    image = np.zeros(ends[-1], dtype=np.uint8)
    words, numbers = image[:HEAD_BYTES].view(np.int64), image[:HEAD_BYTES].view(np.float64)
    words[0], words[OVERLAPS] = MAGIC, overlaps
    numbers[FRAME : FRAME + 6] = land.frame[:6]
    words[FRAME + 6 : FRAME + 8] = land.frame[6:]
    words[SIZES : SIZES + PARTS] = [part.nbytes for part in parts]
    for start, part in zip(ends[:-1].tolist(), parts, strict=True):
        _copy(part, image[start : start + part.nbytes])
    image.flags.writeable = False
    return image


def _copy(part: NDArray[np.uint8], to: NDArray[np.uint8]) -> None:
    """On all cores: what takes the time is memory that is touched for the first time."""

    def copy(begin: int, end: int) -> None:
        to[begin:end] = part[begin:end]

    on_all_cores(len(part), BYTES_A_THREAD, copy)


def _aligned(size: int) -> int:
    return (size + LINE - 1) // LINE * LINE


def overlaps_of(image: NDArray[np.uint8]) -> int:
    """In how many cells more than one area was seen when the index was built."""
    return int(image[:HEAD_BYTES].view(np.int64)[OVERLAPS])


def save_image(image: NDArray[np.uint8], path: Path) -> None:
    """Write an image to a file, whole or not at all."""
    head = image[:HEAD_BYTES].copy()
    head.view(np.int64)[CHECKED] = _checksum(head, image[HEAD_BYTES:])
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(head.data)
            file.write(image[HEAD_BYTES:].data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def open_image(path: Path) -> NDArray[np.uint8]:
    """A saved image, mapped: processes that open the same file share its pages. IndexDamaged for any other file, FileMissing for none."""
    if not path.is_file():
        raise FileMissing(path=path)
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < HEAD_BYTES:
            raise IndexDamaged(path=path)
        mapped: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    image = np.frombuffer(mapped, dtype=np.uint8)
    head = image[:HEAD_BYTES].copy()
    words = head.view(np.int64)
    sizes = words[SIZES : SIZES + PARTS].tolist()
    whole = HEAD_BYTES + sum(_aligned(size) for size in sizes) == len(image)
    if words[0] != MAGIC or min(sizes) < 0 or not whole or words[CHECKED] != _checksum(head, image[HEAD_BYTES:]):
        raise IndexDamaged(path=path)
    return image


def _checksum(head: NDArray[np.uint8], rest: NDArray[np.uint8]) -> int:
    """Of the head, its own word left out, and all behind it; against damage, not against forgers."""
    plain = head.copy()
    plain.view(np.int64)[CHECKED] = 0
    return zlib.crc32(rest.data, zlib.crc32(plain.data))
