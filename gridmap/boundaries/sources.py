"""Where the bytes are: a plain file, a layer of it, or a file inside a zip; and which encoding a Shapefile's text is in."""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gridmap.boundaries.table import EncodingWrong
from gridmap.errors import BadInput, FileMissing, FileUnreadable
from gridmap.grid import Finding, Severity

SPATIAL = (".shp", ".gpkg", ".geojson", ".topojson", ".json", ".fgb", ".gml", ".kml")
TRIED = ("utf-8", "gb18030")


class ZipUnusable(BadInput):
    """A zip that does not hold exactly one spatial file; facts: path, count, files."""


class ShapefileIncomplete(BadInput):
    """A Shapefile is several files, and some were left behind; facts: path, missing."""


@dataclass(frozen=True, slots=True)
class Source:
    """What GDAL is asked to open; for a Shapefile with the raw bytes of its table and of its `.cpg`, None where there is none."""

    path: Path
    opened: str
    dbf: bytes | None = None
    cpg: bytes | None = None


def find_source(path: Path) -> Source:
    """The file to open; FileMissing, ShapefileIncomplete, or ZipUnusable where a zip holds no spatial file or several."""
    if not path.exists():
        raise FileMissing(path=path)
    if path.suffix.lower() == ".zip":
        return _in_zip(path)
    if path.suffix.lower() in (".dbf", ".shx", ".prj", ".cpg"):  # one of a Shapefile's companions was named
        path = _beside(path, ".shp") or path
    if path.suffix.lower() != ".shp":
        return Source(path, str(path))
    shx, dbf, cpg = (_beside(path, suffix) for suffix in (".shx", ".dbf", ".cpg"))
    _need_parts(path, {".shx": shx, ".dbf": dbf})
    return Source(path, str(path), dbf.read_bytes() if dbf else None, cpg.read_bytes() if cpg else None)


def _need_parts(path: Path, parts: Mapping[str, object]) -> None:
    """Without its index a Shapefile cannot be opened, and without its table it has no codes."""
    missing = [suffix for suffix, found in parts.items() if found is None]
    if missing:
        raise ShapefileIncomplete(path=path, missing=", ".join(missing))


def _beside(path: Path, suffix: str) -> Path | None:
    """The companion file, whatever the case of its suffix."""
    return next((other for other in path.parent.glob(f"{_escaped(path.stem)}.*") if other.suffix.lower() == suffix), None)


def _escaped(stem: str) -> str:
    return "".join(f"[{letter}]" if letter in "[]*?" else letter for letter in stem)


def _in_zip(path: Path) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
            found = [name for name in names if PurePosixPath(name).suffix.lower() in SPATIAL]
            if len(found) != 1:
                raise ZipUnusable(path=path, count=len(found), files=", ".join(found))
            shx, dbf, cpg = (_member(archive, names, found[0], suffix) for suffix in (".shx", ".dbf", ".cpg"))
            if found[0].lower().endswith(".shp"):
                _need_parts(path, {".shx": shx, ".dbf": dbf})
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as fault:  # damaged, or packed or locked in a way Python cannot read
        raise FileUnreadable(path=path, reason=str(fault)) from fault
    return Source(path, f"/vsizip/{{{path.absolute()}}}/{found[0]}", dbf, cpg)


def _member(archive: zipfile.ZipFile, names: list[str], main: str, suffix: str) -> bytes | None:
    wanted = str(PurePosixPath(main).with_suffix(suffix)).lower()
    name = next((name for name in names if name.lower() == wanted), None)
    return archive.read(name) if name else None


def choose_encoding(source: Source, asked: str | None) -> tuple[str | None, tuple[Finding, ...]]:
    """The encoding of a Shapefile's text, and a note where it was chosen by trial; (None, ()) for every other format.

    What the user asked for, else what the `.cpg` says, else strict UTF-8, else GB18030: bytes of GB18030 are practically
    never valid UTF-8, while nearly any bytes are valid GB18030, so the order decides.
    """
    if source.dbf is None:
        return asked, ()
    texts = _texts(source.dbf)
    if asked or (source.cpg and source.cpg.strip()):
        said = asked or _codec((source.cpg or b"").decode("ascii", "replace").strip())
        try:
            texts.decode(said)
        except (UnicodeDecodeError, LookupError) as fault:
            raise EncodingWrong(path=source.path, encoding=said) from fault
        return said, ()
    return _by_trial(source.path, texts)


def _by_trial(path: Path, texts: bytes) -> tuple[str, tuple[Finding, ...]]:
    for encoding in TRIED:
        try:
            text = texts.decode(encoding)
        except UnicodeDecodeError:
            continue
        sample = re.search(r"[^\x00-\x7f]+", text)  # plain ASCII reads the same in both: nothing was chosen
        facts = {"encoding": encoding.upper(), "sample": sample[0][:20] if sample else ""}
        return encoding, (Finding("encoding_chosen", Severity.NOTE, facts=facts),) if sample else ()
    raise EncodingWrong(path=path, encoding=" / ".join(TRIED).upper())


def _codec(said: str) -> str:
    """Python's name for what a `.cpg` says: a name such as UTF-8, or a bare code page such as 936."""
    return f"cp{said}" if said.isdecimal() and said != "65001" else {"65001": "utf-8"}.get(said, said)


def _texts(dbf: bytes) -> bytes:
    """The field names and the records of a dBase table without its binary header (bytes 8-9 say how long that is, 32 bytes a field)."""
    length = int.from_bytes(dbf[8:10], "little")
    names = b" ".join(dbf[at : at + 11].split(b"\0")[0] for at in range(32, length - 1, 32))
    return names + b" " + dbf[length:]
