"""The program that decodes what a stranger sent: run in a process of its own, `python -I redraw.py KIND MOST_PIXELS SIDE SMALL`.

It imports nothing of Gridmap, so that it starts quickly and holds nothing. The file comes in by its standard input; by its standard output
it says READY once its decoders are loaded and its walls are up, and then one of the answers below, a letter; after PICTURE the lengths of
two JPEGs and both. What a decoder cannot read ends it without an answer.

Its walls, before a byte of the file is read: bounds of memory, of computing time, of files (none is written), no further process, nothing
left behind on a crash; where the kernel can (`fence`), no call but those that computing needs. The one decoder of the kind is called, and
what it cannot read is not tried with another.
"""

import ctypes
import io
import os
import platform
import resource
import struct
import sys
from typing import Any

READY, PICTURE, TOO_MANY_PIXELS, COSTLY = b"R", b"P", b"M", b"C"
FAILED = 1  # how it ends where a decoder stumbles, over whatever: nothing of ours hides it
MEMORY = 512 * 2**20  # bytes of addresses
SECONDS = 6  # of computing: twice what the largest honest photo of each kind takes
QUALITY, QUALITY_SMALL = 82, 75
MOST_READ = 128 * 2**20
MOST_SCANS = 100  # of a JPEG: each costs a walk over all pixels, and a hundred thousand fit in a file; cameras write ten

# The calls that decoding makes, by Linux's numbers (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h):
# read, write, close, fstat, lseek, mmap, mprotect, munmap, brk, rt_sigaction, rt_sigprocmask, rt_sigreturn, mremap, madvise, getpid,
# gettid, futex, sched_yield, exit, exit_group, clock_gettime, getrandom, and for a thread set_robust_list and rseq.
CALLS = {
    "x86_64": (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 25, 28, 39, 186, 202, 24, 60, 231, 228, 318, 273, 334),
    "aarch64": (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 216, 233, 172, 178, 98, 124, 93, 94, 113, 278, 99, 293),
}
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # as the filter is told it
CLONE, CLONE3 = {"x86_64": 56, "aarch64": 220}, 435
CLONE_THREAD = 0x00010000
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2  # prctl(2)
_LOAD, _IF_EQUAL, _IF_SET, _RETURN = 0x20, 0x15, 0x45, 0x06  # classic BPF
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026


def bound(*, threads: bool) -> None:
    """As little as decoding needs."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        *([] if threads else [(resource.RLIMIT_NPROC, 0)]),
    ):
        resource.setrlimit(what, (most, most))


def fence() -> bool:
    """Leave only CALLS, and threads (seccomp(2)): no file is opened, no socket, no program started. Whether the kernel does it."""
    machine = platform.machine()
    if machine not in CALLS:
        return False
    calls = CALLS[machine]
    # The last five: a new thread, where clone asks for one (what clone3 asks for no filter sees, so there is none: then clone is tried).
    steps = [(_LOAD, 0, 0, 4), (_IF_EQUAL, 1, 0, ARCHITECTURE[machine]), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    steps += [(_IF_EQUAL, len(calls) - at + 5, 0, call) for at, call in enumerate(calls)]
    steps += [(_IF_EQUAL, 4, 0, CLONE3), (_IF_EQUAL, 0, 2, CLONE[machine]), (_LOAD, 0, 0, 16), (_IF_SET, 2, 0, CLONE_THREAD)]
    steps += [(_RETURN, 0, 0, _EPERM), (_RETURN, 0, 0, _ENOSYS), (_RETURN, 0, 0, _ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    told = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(program)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 and prctl(_SECCOMP, _FILTER, told, 0, 0) == 0


def decoder_of(kind: str) -> Any:
    """The one decoder of this kind, with all that it would load later: once the fence stands nothing can be loaded."""
    from PIL import ImageCms, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401, PLC0415 (TIFF: as Exif is written)

    if kind == "heic":
        from pillow_heif import HeifImageFile, options  # noqa: PLC0415

        options.DECODE_THREADS = 1
        options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
        return HeifImageFile
    if kind == "jpeg":
        from PIL import MpoImagePlugin  # noqa: F401, PLC0415 (several pictures in one file, as some phones write)

        return JpegImagePlugin.JpegImageFile
    return {"png": PngImagePlugin.PngImageFile, "webp": WebPImagePlugin.WebPImageFile}[kind]


class TooManyPixels(Exception):
    """More than is decoded."""


class TooManyScans(Exception):
    """A progressive JPEG that would be walked through without end."""


def drawn(decoder: Any, data: bytes, most_pixels: int, side: int) -> Any:
    """The first picture of the file as RGB, upright, in the colours of sRGB, no side longer than `side`."""
    picture = decoder(io.BytesIO(data))
    width, height = picture.size
    if width < 1 or height < 1 or width * height > most_pixels:
        raise TooManyPixels
    turn = picture.getexif().get(0x0112, 1)  # Exif's orientation; decoding HEIC turns by itself and leaves 1
    profile = picture.info.get("icc_profile")
    if picture.format in {"JPEG", "MPO"}:
        if data.count(b"\xff\xda") > MOST_SCANS:
            raise TooManyScans
        picture.draft("RGB", (side, side))  # decoded at an eighth, a quarter or half the size where that is enough
    picture.load()
    return upright(in_srgb(shrunk(in_eight_bits(picture), side), profile), turn)


def in_eight_bits(picture: Any) -> Any:
    """Without palettes, and with eight bits a colour."""
    if picture.mode.startswith("I;16") or picture.mode in {"I", "F"}:
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if picture.mode in {"P", "PA"} or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture.convert("L") if picture.mode == "1" else picture


def shrunk(picture: Any, side: int) -> Any:
    """No side longer than `side`; what is smaller stays as it is."""
    width, height = picture.size
    scale = side / max(width, height)
    if scale >= 1:
        return picture
    wanted = (max(1, round(width * scale)), max(1, round(height * scale)))
    return picture.resize(wanted, resample=1, reducing_gap=2.0)  # Lanczos


def in_srgb(picture: Any, profile: bytes | None) -> Any:
    """What the profile means in sRGB, upon white where it is transparent. A profile that cannot be used is none."""
    from PIL import Image, ImageCms  # noqa: PLC0415

    if picture.mode in {"LA", "RGBA", "La", "RGBa"}:
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture.convert("RGBA"))
        picture = white.convert("RGB")
    if profile:
        try:
            meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            changed = ImageCms.profileToProfile(picture, meant, ImageCms.createProfile("sRGB"), outputMode="RGB")
            picture = changed or picture
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return picture.convert("RGB")


def upright(picture: Any, turn: int) -> Any:
    """As it was seen (Exif 2.32, 4.6.4 A, Orientation: 1 to 8; anything else is none)."""
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # Pillow's: flips, quarter turns, and both
    return picture.transpose(turns[turn]) if turn in turns else picture


def coded(picture: Any, quality: int) -> bytes:
    """A baseline JPEG of the pixels alone: a picture made anew of them carries nothing of what the file said beside them."""
    from PIL import Image  # noqa: PLC0415

    out = io.BytesIO()
    Image.frombytes("RGB", picture.size, picture.tobytes()).save(out, "JPEG", quality=quality)
    return out.getvalue()


def answer(decoder: Any, most_pixels: int, side: int, small: int) -> bytes:
    """What is said about the file at the standard input."""
    try:
        data = sys.stdin.buffer.read(MOST_READ)
        picture = drawn(decoder, data, most_pixels, side)
        large, little = coded(picture, QUALITY), coded(shrunk(picture, small), QUALITY_SMALL)
    except TooManyPixels:
        return TOO_MANY_PIXELS
    except (MemoryError, TooManyScans):
        return COSTLY
    return PICTURE + struct.pack(">II", len(large), len(little)) + large + little


def main(kind: str, most_pixels: str, side: str, small: str) -> None:
    """Raise the walls, say READY, answer."""
    decoder = decoder_of(kind)
    bound(threads=kind == "heic")  # whose library starts one, whatever it is told
    fence()
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    sys.stdout.buffer.write(answer(decoder, int(most_pixels), int(side), int(small)))
    sys.stdout.buffer.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
