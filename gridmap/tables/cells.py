"""A cell of a spreadsheet that stays the text that it is."""

from typing import Any

from gridmap.incidents.report import UNKEEPABLE


def as_text(sheet: object, text: str) -> Any:
    """A formula that somebody sent (=…, +…, @…) stays letters, a code keeps its zeros, what no spreadsheet can keep is marked."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415  slow to load, needed by few commands
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    cell = WriteOnlyCell(sheet, UNKEEPABLE.sub("\ufffd", ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)))
    cell.data_type = "s"
    cell.number_format = "@"
    return cell
