"""Text read in blocks by compiled loops is what the exact reader makes of it, field by field: the same rows, numbers, bytes and faults."""

import random
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from gridmap.errors import Refusal
from gridmap.matching.files import Matched, Names
from gridmap.matching.files import blocks as reading
from gridmap.matching.files.blocks import Begun, BlockPortion, number
from gridmap.matching.files.portion import Portion, joined
from gridmap.matching.files.scan import Layout, Rows, find_rows
from gridmap.matching.files.text import TextPoints

CODES, HOWS = Names.of(["06", "1,5", 'a "b"', "two;lines\n", "四", "|\t"]), Names.of(["inside", "out,side"])
USUAL = ["113.005", "28.005", "-0.25", "", "a", "河东", '"113.5"', '"x,y"', '"say ""hi"""', '"two\nlines"', " 12 ", "1e3", "NULL"]
ODD = ['"a"b', 'b"c', "\r", '"', "\0", "1\r2", '"lone\rreturn"', '"1""2"', "\ufeff1", "1_0"]


def answers(rows: slice) -> Matched:
    """Those of some rows of a file: the same ones however it is divided."""
    rng = np.random.default_rng(5)
    metres = np.where(rng.random((2, 100)) < 0.1, np.nan, 10.0 ** rng.uniform(-4, 8, (2, 100)))
    owner, how = rng.integers(-1, 6, 100), rng.integers(0, 2, 100).astype(np.int8)
    return Matched(owner[rows], CODES, how[rows], HOWS, *(column[rows] for column in metres))


def told(portions: Iterator[Portion]) -> object:
    """Numbers, texts and written rows; or the fault that ends them."""
    numbers: list[tuple[float, float]] = []
    ids: list[str] = []
    written = b""
    try:
        for portion in portions:
            written += portion.lines(answers(slice(len(ids), len(ids) + len(portion.x))))
            ids += portion.text("id")
            numbers += zip(portion.x.tolist(), portion.y.tolist(), strict=True)
    except Refusal as refusal:
        return type(refusal), str(refusal.facts)
    return repr(numbers), ids, written


def some_text(rng: random.Random) -> bytes:
    delimiter, end = rng.choice(",;\t|"), rng.choice(["\n", "\n", "\r\n"])
    fields = USUAL + ODD * (rng.random() < 0.3)
    width, rows = rng.randrange(3, 6), rng.randrange(1, 30)
    lines = [delimiter.join(["id", "lon", "lat", "a", "b"][:width])]
    for _ in range(rows):
        short = rng.random() < 0.1
        wide = width + (rng.random() < 0.005)
        lines.append(delimiter.join(rng.choices(fields, k=rng.randrange(wide) if short else wide)))
    text = end.join(lines) + end * rng.randrange(2)
    return text.encode(rng.choice(["utf-8", "utf-8-sig"]))


@pytest.mark.parametrize("block_bytes", [7, 64, 1 << 21])
def test_any_text_is_read_as_the_exact_reader_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", block_bytes)
    path = tmp_path / "points.csv"
    in_blocks = 0
    for seed in range(300):
        path.write_bytes(some_text(random.Random(seed)))
        points = TextPoints(path)
        with suppress(Refusal):
            in_blocks += any(isinstance(portion, BlockPortion) for portion in points.portions(("lon", "lat")))
        at_x, at_y = points.columns.index("lon"), points.columns.index("lat")
        assert told(points.portions(("lon", "lat"))) == told(points.read_exactly(at_x, at_y, Begun())), f"seed {seed}"
    assert in_blocks > 100, "the blocks are what is tested"


def a_number(rng: random.Random) -> str:
    kind = rng.randrange(6)
    if kind == 0:
        return repr(struct.unpack("d", rng.randbytes(8))[0])
    if kind == 1:
        return f"{rng.uniform(-180, 180):.{rng.randrange(25)}f}"
    if kind == 2:
        return "".join(rng.choices("0123456789.+-e _", k=rng.randrange(1, 12)))
    if kind == 3:  # halfway between two floats, or beside it
        return f"{(1 << 53) + rng.randrange(99)}{rng.choice(['', '.5', '.25', '.50000000000000000001'])}"
    if kind == 4:
        return rng.choice(["nan", "inf", "-0.0", "-0", ".5", "5.", ".", "-", "--1", " 1.5 ", "1,5", "0.00000000000000000000001"])
    return repr(rng.uniform(-180, 180))


@pytest.mark.parametrize("comma", [False, True])
def test_numbers_are_rounded_as_python_rounds_them(comma: bool) -> None:
    rng = random.Random(7)
    texts = [a_number(rng) for _ in range(60_000)]
    block = np.frombuffer("\n".join(f"{text}\t1" for text in texts).encode(), np.uint8)
    layout, rows = Layout(ord("\t"), 2, 0, 1, comma), Rows.of(len(texts))
    assert find_rows(block, True, layout, rows) == (len(texts), len(block))
    found = BlockPortion.of(block, rows, TextPoints.__new__(TextPoints), layout).x
    assert [struct.pack("d", one) for one in found] == [struct.pack("d", number(text, comma)) for text in texts]


def test_what_programs_write_is_not_left_to_python() -> None:
    texts = [repr(lon) for lon in np.random.default_rng(1).uniform(-180, 180, 10_000).tolist()]
    block, rows = np.frombuffer("\n".join(f"{text},1" for text in texts).encode(), np.uint8), Rows.of(len(texts))
    find_rows(block, True, Layout(ord(","), 2, 0, 1, False), rows)
    assert np.count_nonzero(rows.x_at[:, 1]) < 5


def test_metres_are_written_to_the_last_bit_as_python_writes_them() -> None:
    halves = np.arange(4000) / 8
    drawn = 10.0 ** np.random.default_rng(3).uniform(-6, 11.9, 50_000)
    metres = np.concatenate([halves, np.arange(4000) / 200, np.nextafter(halves, 1e9), drawn, [0.0, np.nan, 999.995, 2e7, 1e12, np.inf]])
    for some in (metres[:-2], metres):  # with what is beyond all distances, and without
        nobody = np.full(len(some), -1)
        matched = Matched(nobody, CODES, np.zeros(len(some), np.int8), HOWS, some, some[::-1].copy())
        pieces = matched.laid(",")
        assert [pieces.data[begin:end].tobytes().decode() for begin, end in zip(pieces.starts, pieces.starts[1:], strict=False)] == joined(
            matched.texts(), ","
        )
