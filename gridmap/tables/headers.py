"""Which column is which. The accepted headers are words: `column.<name>` in both books, alternatives parted by |."""

import re
from collections.abc import Iterable, Sequence

from gridmap.errors import BadInput, ColumnMissing, TableEmpty
from gridmap.tables.rows import Headed, Row, Sheet
from gridmap.words import LANGS, Lang, say

# Chinese registers often carry a title above their header.
HEADER_WITHIN = 10


class ColumnTwice(BadInput):
    """Two headers mean the same column; facts: column, headers, path."""


def accepted(column: str, lang: Lang) -> list[str]:
    """The headers that a column may have in one language, the best first."""
    return say(f"column.{column}", lang).split("|")


def find_header(sheet: Sheet, columns: Sequence[str], required: Iterable[str]) -> Headed:
    """The first row (of ten) that names every required column is the header; ColumnMissing says which is not there."""
    if not sheet.rows:
        raise TableEmpty(path=str(sheet.path))
    for position, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        place = _placed(sheet, row, columns)
        if all(name in place for name in required):
            ignored = tuple(text for at, text in enumerate(row.cells) if text and at not in place.values() and not _is_ours(text))
            return Headed(sheet.path, row.cells, sheet.rows[position + 1 :], place, ignored)
    first = sheet.rows[0]
    place = _placed(sheet, first, columns)
    lacking = next(name for name in required if name not in place)
    names = " / ".join(accepted(lacking, lang)[0] for lang in LANGS)
    raise ColumnMissing(column=names, path=str(sheet.path), columns=", ".join(filter(None, first.cells)))


def _placed(sheet: Sheet, row: Row, columns: Sequence[str]) -> dict[str, int]:
    names = {_plain(text): column for column in columns for lang in LANGS for text in (column, *accepted(column, lang))}
    place: dict[str, int] = {}
    for at, text in enumerate(row.cells):
        column = names.get(_plain(text))
        if column in place:
            raise ColumnTwice(column=column, headers=f"{row.cells[place[column]]}, {text}", path=str(sheet.path))
        if column:
            place[column] = at
    return place


def _plain(text: str) -> str:
    """A header without case, spaces, marks and what stands in brackets: "精度（米）*" is 精度, "Name EN" is name_en."""
    return re.sub(r"[（(].*?[)）]|[\W_]", "", text).casefold()


def _is_ours(text: str) -> bool:
    """The reason column of a file that we wrote back ourselves."""
    return any(_plain(text) == _plain(name) for lang in LANGS for name in accepted("reason", lang))
