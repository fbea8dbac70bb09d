"""What a stranger sends as a photo: drawn anew in a process of its own, upright, in true colours, with nothing beside the pixels."""

import io
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gridmap.errors import BadInput
from gridmap.photos import Drawn, Workshop, redraw
from gridmap.photos.kinds import PhotoKindUnknown, kind_of
from gridmap.photos.plain import plain_size
from gridmap.photos.workshop import SIDE, SMALL, PhotoCostly, PhotosCrowded, PhotosOff, PhotoTooManyPixels, PhotoUnreadable
from tests import photographs
from tests.photographs import CANARY, KINDS, header, leaves, photo, png, taken, written

DRAW = Workshop().draw


def seen(drawn: Drawn) -> np.ndarray:
    """The pixels as another hand's decoder sees them."""
    pixels = pymupdf.Pixmap(drawn.picture)
    return np.frombuffer(pixels.samples, np.uint8).reshape(pixels.height, pixels.width, pixels.n).astype(int)


def corners(pixels: np.ndarray) -> list[list[int]]:
    """Whether red, green, blue are bright in the middle of each quarter: upper left, upper right, lower left, lower right."""
    height, width = pixels.shape[:2]
    return [(pixels[y, x] > 128).astype(int).tolist() for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]


RED_GREEN_BLUE_WHITE = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]


@pytest.mark.parametrize("kind", KINDS)
def test_of_each_kind_the_pixels_come_through_and_nothing_beside_them(kind: str) -> None:
    sent = photo(kind)
    assert photographs.hits(sent)
    drawn = DRAW(sent)
    for made in (drawn.picture, drawn.small):
        assert photographs.hits(made) == []
        assert set(photographs.segments(made)) <= {0xD8, 0xE0, 0xDB, 0xC0, 0xC4, 0xDA}
        assert plain_size(made)
        again = Image.open(io.BytesIO(made))
        assert (again.format, dict(again.getexif()), set(again.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}) == (
            "JPEG",
            {},
            set(),
        )
    assert drawn.size == (300, 200)
    assert np.abs(seen(drawn) - np.asarray(leaves()).astype(int)).mean() < 12
    assert max(plain_size(drawn.small) or ()) <= SMALL


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_as_it_was_seen(orientation: int) -> None:
    """Exif tells which visual side the first row and the first column are; the oracle lays them so."""
    row, column = {1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "lt", 6: "rt", 7: "rb", 8: "lb"}[orientation]
    stored = np.asarray(leaves())
    stored = stored.transpose(1, 0, 2) if row in "lr" else stored
    stored = stored[::-1] if row in "br" else stored
    stored = stored[:, ::-1] if column in "br" else stored
    drawn = DRAW(taken("jpeg", Image.fromarray(np.ascontiguousarray(stored)), orientation=orientation))
    assert drawn.size == (300, 200)
    assert corners(seen(drawn)) == RED_GREEN_BLUE_WHITE


@pytest.mark.parametrize(("kind", "mode"), [("jpeg", "CMYK"), ("png", "P"), ("png", "RGBA"), ("webp", "RGBA")])
def test_other_ways_to_write_colours_show_the_same(kind: str, mode: str) -> None:
    assert corners(seen(DRAW(written(kind, leaves().convert(mode))))) == RED_GREEN_BLUE_WHITE


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16"])
def test_greys_stay_grey_whatever_their_depth(mode: str) -> None:
    left, right = Image.new("L", (40, 40), 60), Image.new("L", (80, 40), 200)
    right.paste(left, (0, 0))
    deep = Image.fromarray(np.asarray(right).astype(np.uint16) * 257)
    picture = deep if mode == "I;16" else right.convert(mode)
    pixels = seen(DRAW(written("png", picture)))
    wanted = (0, 255) if mode == "1" else (60, 200)
    if mode != "1":  # which is dithered
        assert [round(float(pixels[10:30, x : x + 20].mean())) for x in (10, 50)] == pytest.approx(wanted, abs=3)
    assert np.ptp(pixels, axis=2).max() <= 4


def test_what_is_transparent_lies_upon_white() -> None:
    assert seen(DRAW(written("png", Image.new("RGBA", (30, 30), (255, 0, 0, 0))))).min() >= 250


def test_a_large_picture_is_shown_no_larger_than_a_screen() -> None:
    drawn = DRAW(written("jpeg", leaves(3000, 1500)))
    assert drawn.size == (SIDE, SIDE // 2)
    assert corners(seen(drawn)) == RED_GREEN_BLUE_WHITE


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_of_a_film_the_first_picture_is_shown(kind: str) -> None:
    film = written(kind, leaves(), save_all=True, append_images=[Image.new("RGB", (300, 200), "black")] * 3, duration=100)
    assert corners(seen(DRAW(film))) == RED_GREEN_BLUE_WHITE


def test_of_several_pictures_in_a_heic_the_main_one_is_shown() -> None:
    import pillow_heif  # noqa: PLC0415

    several, out = pillow_heif.from_pillow(leaves(64, 64)), io.BytesIO()
    several.add_from_pillow(leaves())
    several.save(out, primary_index=1)
    assert DRAW(out.getvalue()).size == (300, 200)


ELSEWHERE = {
    "a gif by another name": written("gif", leaves()),
    "a tiff": written("tiff", leaves()),
    "a bmp": written("bmp", leaves()),
    "a drawing with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run",
    "a page": b"<html><script>alert(1)</script>",
    "nothing": b"",
    "an avif": b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miaf" + b"\0" * 40,
    "a film": b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + b"\0" * 40,
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_what_is_none_of_the_four_kinds_is_not_even_tried(what: str) -> None:
    with pytest.raises(PhotoKindUnknown):
        DRAW(ELSEWHERE[what])


ZEROS = zlib.compress(bytes(2**26), 9)
BROKEN = {
    "a jpeg cut short": photo("jpeg")[:-400],
    "a png cut short": photo("png")[:-400],
    "a webp cut short": photo("webp")[:-400],
    "a heic cut short": photo("heic")[:-400],
    "a jpeg that only begins": b"\xff\xd8\xff\xe0",
    "a png without pixels": png(header(300, 200), (b"IEND", b"")),
    "a png whose note is a bomb": png(
        header(10, 10), (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(2**28), 9)), (b"IDAT", ZEROS[:99]), (b"IEND", b"")
    ),
    "no pixels at all": png(header(0, 0), (b"IDAT", ZEROS), (b"IEND", b"")),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_decoded_as_a_whole_is_refused(what: str) -> None:
    with pytest.raises((PhotoUnreadable, PhotoTooManyPixels)):
        DRAW(BROKEN[what])


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (65_535, 1_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_of_pixels_is_refused_by_what_its_header_says(width: int, height: int) -> None:
    with pytest.raises(BadInput) as refused:
        DRAW(png(header(width, height), (b"IDAT", ZEROS), (b"IEND", b"")))
    assert isinstance(refused.value, PhotoTooManyPixels | PhotoUnreadable)


def test_what_hangs_on_behind_a_picture_does_not_come_along() -> None:
    page = b"<html><script>alert(1)</script>" + CANARY.encode()
    drawn = DRAW(photo("jpeg") + page)
    assert b"<script>" not in drawn.picture
    assert photographs.hits(drawn.picture) == []


@given(st.data())
def test_a_jpeg_with_anything_beside_its_picture_is_not_plain(data: st.DataObject) -> None:
    plain = PLAIN.picture
    kind = data.draw(st.sampled_from([*range(0xE0, 0xF0), 0xFE]))
    text = data.draw(st.binary(max_size=40))
    segment = bytes([0xFF, kind]) + (len(text) + 2).to_bytes(2, "big") + text
    assert plain_size(plain) == PLAIN.size
    assert plain_size(plain + text) == (None if text else PLAIN.size)
    assert plain_size(plain[:20] + segment + plain[20:]) is None
    assert plain_size(plain[:2] + segment + plain[2:]) is None
    assert plain_size(plain[:-2] + segment + plain[-2:]) is None
    assert plain_size(plain[: data.draw(st.integers(0, len(plain) - 1))]) is None


@given(st.binary(max_size=300))
def test_no_bytes_trouble_whoever_looks_what_they_are(data: bytes) -> None:
    for begins in (b"", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00", b"\0\0\0\x20ftyp"):
        assert plain_size(begins + data) is None
        try:
            kind_of(begins + data)
        except PhotoKindUnknown:
            continue


PLAIN = DRAW(photo("jpeg"))
PROGRAMS = {
    "breaks down": ("import os, sys; sys.stdout.write('R'); sys.stdout.flush(); os.kill(os.getpid(), 11)", PhotoUnreadable),
    "stumbles": ("import sys; sys.stdout.write('R'); sys.stdout.flush(); raise SystemExit(1)", PhotoUnreadable),
    "is killed": ("import os, sys; sys.stdout.write('R'); sys.stdout.flush(); os.kill(os.getpid(), 9)", PhotoCostly),
    "never ends": ("import sys, time; sys.stdout.write('R'); sys.stdout.flush(); time.sleep(60)", PhotoCostly),
    "never begins": ("import sys; sys.exit(3)", PhotosOff),
    "says nonsense": ("print('R' + 'x' * 99)", PhotoCostly),
    "never stops talking": ("import sys\nsys.stdout.write('R')\nwhile True: sys.stdout.write('P' * 65536)", PhotoUnreadable),
    "hands back what was sent": (
        "import struct, sys\nd = sys.stdin.buffer.read()\nsys.stdout.buffer.write(b'RP' + struct.pack('>II', len(d), len(d)) + d + d)",
        PhotoUnreadable,
    ),
}


@pytest.mark.parametrize("how", PROGRAMS)
def test_whatever_the_decoding_process_does_nothing_but_a_plain_picture_comes_of_it(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, refusal = PROGRAMS[how]
    (tmp_path / "program.py").write_text(program)
    monkeypatch.setattr(redraw, "__file__", str(tmp_path / "program.py"))
    with pytest.raises(refusal):
        Workshop(seconds=1.5 if how == "never ends" else 20).draw(photo("jpeg"))


TRIED = """
import sys; sys.path.insert(0, {folder!r})
import os, socket, redraw
redraw.bound(threads=True)
print(redraw.fence())
for what in (lambda: open("/etc/passwd"), socket.socket, os.fork, lambda: os.execv("/bin/true", ["true"]), lambda: os.kill(os.getppid(), 0),
             lambda: os.mkdir("/tmp/x"), lambda: os.listdir("/"), lambda: os.open("/proc/self/mem", os.O_RDWR)):
    try:
        what()
        print("done")
    except OSError as fault:
        print(fault.errno)
try:
    bytearray(2 * redraw.MEMORY)
except MemoryError:
    print("no memory")
"""


def test_behind_the_fence_no_file_no_network_and_no_process_is_within_reach() -> None:
    program = TRIED.format(folder=str(Path(redraw.__file__).parent))
    told = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout.split("\n")
    assert told == ["True", *["1"] * 8, "no memory", ""]


def test_where_too_many_come_at_once_the_last_are_sent_away_and_the_others_served() -> None:
    small, together, told = Workshop(at_once=1, waiting=1), threading.Barrier(6), []

    def come() -> None:
        together.wait()
        try:
            told.append(small.draw(photo("jpeg")).size)
        except PhotosCrowded as refusal:
            told.append(refusal.key)

    threads = [threading.Thread(target=come) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert 2 <= told.count((300, 200)) < 6
    assert told.count("photos_crowded") == 6 - told.count((300, 200))
    assert small.draw(photo("jpeg")).size == (300, 200)  # and whoever comes then is served
