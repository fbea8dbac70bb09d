"""Where photos are drawn anew: so many processes at once, a short line before them, and nothing believed that comes out of one."""

import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gridmap.errors import BadInput, Unavailable
from gridmap.photos import redraw
from gridmap.photos.kinds import Kind, kind_of
from gridmap.photos.plain import Size, plain_size

MOST_PIXELS = 64_000_000
SIDE, SMALL = 2048, 320  # pixels of the longer side of the picture, and of the one in lists
MOST_ANSWER = 16 * 2**20  # bytes: twice what the worst noise of SIDE × SIDE takes
SECONDS = 20.0  # by the clock on the wall, before it is killed; a busy machine takes longer than the computing that `redraw` bounds
AT_ONCE, WAITING = 2, 8
ALONE = {"MALLOC_ARENA_MAX": "1"}  # the whole environment: a thread reserves no 64 MiB of addresses of its own
_LENGTHS = struct.Struct(">II")


class PhotoTooManyPixels(BadInput):
    """Drawn large, the picture would fill the machine's memory; facts: most (million pixels)."""


class PhotoUnreadable(BadInput):
    """No picture can be decoded: truncated, damaged, or something else that begins like one; facts: none."""


class PhotoCostly(BadInput):
    """Decoding it takes more time or memory than a photo needs; facts: none."""


class PhotosCrowded(Unavailable):
    """More photos arrive than can be drawn now; what was sent is kept: ask again for it; facts: none."""


class PhotosOff(Unavailable):
    """The decoding program does not start: no memory is left, or a library is missing; facts: reason."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture made anew: a large one and a small one, both JPEG without anything beside the pixels, and the large one's size."""

    picture: bytes
    small: bytes
    size: Size


class Workshop:
    """Draws `at_once` photos at a time, each in a process of its own; `waiting` more stand in line, and whoever comes then is sent away."""

    def __init__(self, *, at_once: int = AT_ONCE, waiting: int = WAITING, seconds: float = SECONDS) -> None:
        self._places = threading.BoundedSemaphore(at_once + waiting)
        self._benches = threading.BoundedSemaphore(at_once)
        self._seconds = seconds

    def draw(self, data: bytes) -> Drawn:
        """The photo drawn anew. PhotoKindUnknown, PhotoTooManyPixels, PhotoUnreadable, PhotoCostly; PhotosCrowded and PhotosOff, where it
        may be asked again."""
        kind = kind_of(data)
        with self._place(), self._benches:
            return _read(*_run(kind, data, self._seconds))

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise PhotosCrowded
        try:
            yield
        finally:
            self._places.release()


def _run(kind: Kind, data: bytes, seconds: float) -> tuple[bytes, int]:
    """What the program answered, as much as it may, and how it ended. It has nothing of ours: no environment, no folder, no open file."""
    command = [sys.executable, "-I", "-B", str(Path(redraw.__file__)), kind, *map(str, (MOST_PIXELS, SIDE, SMALL))]
    file = os.memfd_create("photo")  # never on a disk
    try:
        with open(file, "wb", closefd=False) as written:
            written.write(data)
        os.lseek(file, 0, os.SEEK_SET)
        child = subprocess.Popen(
            command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ALONE, cwd="/", start_new_session=True
        )
    except OSError as fault:
        raise PhotosOff(reason=fault.strerror or str(fault)) from fault
    finally:
        os.close(file)
    clock = threading.Timer(seconds, child.kill)
    clock.start()
    try:
        assert child.stdout is not None
        with child.stdout:
            told = child.stdout.read(MOST_ANSWER)
        child.kill()  # one that would say more, or go on
        return told, child.wait()
    finally:
        clock.cancel()


def _read(told: bytes, ended: int) -> Drawn:
    """The answer, if it is one of those that there are, and two plain pictures where it says so."""
    if not told.startswith(redraw.READY):
        raise PhotosOff(reason=f"{Path(redraw.__file__).name}: {ended}")
    verdict, rest = told[1:2], told[2:]
    if verdict == redraw.TOO_MANY_PIXELS:
        raise PhotoTooManyPixels(most=MOST_PIXELS // 1_000_000)
    if not verdict and (ended == redraw.FAILED or -ended in _CRASHED):
        raise PhotoUnreadable
    if verdict != redraw.PICTURE or len(rest) < _LENGTHS.size:
        raise PhotoCostly
    large, small = _LENGTHS.unpack_from(rest)
    pictures = rest[_LENGTHS.size :]
    drawn = pictures[:large], pictures[large:]
    sizes = [plain_size(one) for one in drawn]
    if len(pictures) != large + small or sizes[0] is None or sizes[1] is None or max(sizes[0]) > SIDE or max(sizes[1]) > SMALL:
        raise PhotoUnreadable
    return Drawn(*drawn, sizes[0])


_CRASHED = frozenset({4, 6, 7, 8, 11, 31})  # the signals of a decoder that a file broke: illegal, abort, bus, arithmetic, segment, call
