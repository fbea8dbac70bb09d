"""Match a folder of Parquet parts on many processes or machines: each piece a task of Dask, which any worker may do, and do again."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from gridmap.errors import BadInput, FileMissing, Unavailable
from gridmap.flows.match_file import MatchedFile, Matcher, MatchOptions, Tally, matched_by, state_of
from gridmap.flows.place_points import Watch, portions_in_degrees, read_areas, unwatched
from gridmap.grid.index import warm
from gridmap.grid.index.cores import cores
from gridmap.matching import CoverageIndex
from gridmap.matching.files import Columns, Names, TablePoints, choose_columns, open_points, open_writer
from gridmap.tables.export import OutputExists, check_out
from gridmap.version import __version__

ROWS_A_PIECE = 1 << 22  # some seconds of work: what a lost worker costs
PATIENCE_S = 10
INDEX, CODES = "areas.index", "areas.codes"


class DaskMissing(Unavailable):
    """The engine that works on many machines is not installed; facts: none."""


class SchedulerUnreachable(Unavailable):
    """Nothing answers as a scheduler there; facts: scheduler, reason."""


class WorkersLost(Unavailable):
    """The same piece of work ended several workers; facts: path, out."""


class PartsUnusable(BadInput):
    """What is to be matched in parts is no Parquet, or its files differ in their columns; facts: path."""


class Piece(NamedTuple):
    """Some row groups of a Parquet file, and which part of the output they become."""

    number: int
    path: str
    groups: tuple[int, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Work:
    """What all pieces have in common. `folder` lies where every worker reaches it: it holds the index, and takes the parts."""

    folder: str
    columns: Columns
    options: MatchOptions


def match_spread(
    points: Path, areas: Path, out: Path, options: MatchOptions, *, scheduler: str | None = None, watch: Watch = unwatched
) -> MatchedFile:
    """Write the rows of `points` (Parquet, or a folder of it) to the folder `out`, as part-00000.parquet and so on, in their order.

    `scheduler` is the address of a running one; without it, processes of this machine do the work. The index is built once, put beside
    the output and mapped by every worker. A piece is written under another name and renamed, and counts once its note is kept: so a lost
    worker's pieces are done again by others, an interrupted run goes on where it was, and no row is lost or doubled.
    """
    _check_out(out, force=options.force)
    files = _files(points)
    first = open_points(files[0])
    columns = choose_columns(first, files[0], options.lon, options.lat)
    pieces = list(_pieces(files))
    asked = {"of": [*map(state_of, files), state_of(areas)], "options": repr(options), "version": __version__, "pieces": ROWS_A_PIECE}
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
    work = Work(str(out.resolve().with_name(f".{out.name}.{digest}.pieces")), columns, options)
    with _client(_dask(), scheduler) as client, _kept(Path(work.folder)):
        _lay_out(Path(work.folder), areas, options)
        notes = {piece.number: json.loads(_note(work, piece).read_text()) for piece in pieces if _note(work, piece).exists()}
        with watch(sum(piece.rows for piece in pieces)) as advance:
            advance(sum(note["rows"] for note in notes.values()))
            _do([piece for piece in pieces if piece.number not in notes], work, client, _keeper(work, notes, advance))
        _hand_over(work, out)
    tally = Tally.of(notes.values())
    return matched_by(out, tally, columns, first.notes)


def match_piece(piece: Piece, work: Work) -> dict[str, Any]:
    """One worker's work: match the rows of a piece and put the part in its place; its note. Done twice, it does no harm."""
    matcher, path = _matcher(work.folder, work.options), Path(piece.path)
    file, tally = TablePoints(path, piece.groups), Tally.of(())
    part = _part(work, piece)
    beside = part.with_name(f".{part.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with open_writer(beside, part, file) as write:
            for placed in portions_in_degrees(file, work.columns, work.options):
                one = matcher(placed)
                write(one.portion, one.matched)
                tally.count(one)
        beside.replace(part)
    finally:
        beside.unlink(missing_ok=True)
    return tally.note()


@lru_cache(1)
def _matcher(folder: str, options: MatchOptions) -> Matcher:
    """The areas as they were laid out: mapped, so that the workers of a machine share one copy."""
    warm()
    codes = pq.read_table(Path(folder, CODES), columns=["code"]).column("code").combine_chunks()
    return Matcher(CoverageIndex.open(Path(folder, INDEX)), Names(codes), options)


def _files(points: Path) -> list[Path]:
    """PartsUnusable, FileMissing."""
    if not points.exists():
        raise FileMissing(path=points)
    files = sorted(points.glob("[!._]*.parquet")) if points.is_dir() else [points]
    if not files or not all(isinstance(open_points(path), TablePoints) for path in files):
        raise PartsUnusable(path=points)
    schemas = {pq.read_schema(path).remove_metadata().to_string() for path in files}
    if len(schemas) > 1:
        raise PartsUnusable(path=points)
    return [path.resolve() for path in files]


def _pieces(files: Sequence[Path]) -> Iterator[Piece]:
    """Each file's row groups, as many together as make ROWS_A_PIECE. A file without any is a piece too: there is always a first part."""
    number = 0
    for path in files:
        about = pq.ParquetFile(path).metadata
        groups: list[int] = []
        rows = 0
        for group in range(about.num_row_groups):
            groups.append(group)
            rows += about.row_group(group).num_rows
            if rows >= ROWS_A_PIECE or group == about.num_row_groups - 1:
                yield Piece(number, str(path), tuple(groups), rows)
                number, groups, rows = number + 1, [], 0
        if about.num_row_groups == 0:
            yield Piece(number, str(path), (), 0)
            number += 1


def _part(work: Work, piece: Piece) -> Path:
    return Path(work.folder, f"part-{piece.number:05}.parquet")


def _note(work: Work, piece: Piece) -> Path:
    return Path(work.folder, f"part-{piece.number:05}.json")


def _lay_out(folder: Path, areas: Path, options: MatchOptions) -> None:
    """The index and the codes, where workers map them; what an interrupted run laid out is taken as it is."""
    if (folder / INDEX).exists():
        return
    codes, shapes = read_areas(areas, options)
    pq.write_table(pa.table({"code": pa.array(codes, pa.string())}), folder / CODES)
    CoverageIndex(list(shapes)).save(folder / INDEX)


def _keeper(work: Work, notes: dict[int, Any], advance: Callable[[int], Any]) -> Callable[[Piece, dict[str, Any]], None]:
    def keep(piece: Piece, note: dict[str, Any]) -> None:
        beside = _note(work, piece).with_suffix(".new")
        beside.write_text(json.dumps(note))
        beside.replace(_note(work, piece))
        notes[piece.number] = note
        advance(note["rows"])

    return keep


def _do(pieces: Sequence[Piece], work: Work, client: Any, keep: Callable[[Piece, dict[str, Any]], None]) -> None:
    """Have every piece done by some worker; a piece whose worker is lost goes to another."""
    distributed = _dask()
    under_way = {client.submit(match_piece, piece, work, pure=False): piece for piece in pieces}
    for future in distributed.as_completed(list(under_way)):
        try:
            keep(under_way[future], future.result())
        except distributed.KilledWorker as fault:
            raise WorkersLost(path=under_way[future].path, out=work.folder) from fault
        future.release()


def _dask() -> Any:
    try:
        import distributed  # noqa: PLC0415 (an extra: only whoever works on many machines installs it)
    except ImportError as fault:
        raise DaskMissing from fault
    return distributed


@contextmanager
def _client(distributed: Any, scheduler: str | None) -> Iterator[Any]:
    if scheduler is None:
        processes = {"n_workers": cores(), "threads_per_worker": 1, "dashboard_address": None}
        with distributed.LocalCluster(**processes) as cluster, distributed.Client(cluster) as client:
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=PATIENCE_S)
    except (OSError, ValueError, TimeoutError) as fault:
        raise SchedulerUnreachable(scheduler=scheduler, reason=fault) from fault
    with client:
        yield client


@contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """The folder of the work; it goes when what was asked cannot be done, and stays when it may yet be."""
    folder.mkdir(exist_ok=True)
    try:
        yield
    except BadInput:
        shutil.rmtree(folder)
        raise


def _check_out(out: Path, *, force: bool) -> None:
    """As `check_out`; and OutputExists where `force` would delete what no run of ours has written."""
    check_out(out, force=force)
    if out.is_dir() and any(not path.match("part-?????.parquet") for path in out.iterdir()):
        raise OutputExists(path=out)


def _hand_over(work: Work, out: Path) -> None:
    folder = Path(work.folder)
    for path in folder.iterdir():
        if path.suffix != ".parquet" or path.name.startswith("."):
            path.unlink()
    if out.is_dir():
        shutil.rmtree(out)
    else:
        out.unlink(missing_ok=True)
    folder.replace(out)
