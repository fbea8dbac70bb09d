"""Texts of cells into values. Nothing is guessed: what cannot be read is a Fault, a sentence for the rejected row."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from gridmap.catalogue import Limit, LimitUnit, LimitUnreadable
from gridmap.limits import Shift, read_hours
from gridmap.words import LANGS, Sentence, say

NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d*)?([eE][+-]?\d{1,3})?", re.ASCII)
DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]*(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)

Word = TypeVar("Word", bound=StrEnum)


class Fault(Exception):
    """A cell that cannot be read; `sentence` says why."""

    def __init__(self, key: str, **facts: object) -> None:
        super().__init__(key)
        self.sentence = Sentence(f"reason.row.{key}", facts)


def required(text: str, column: str) -> str:
    if not text:
        raise Fault("empty", column=column)
    return text


def read_word(text: str, column: str, words: type[Word]) -> Word:
    """A word of ours in any of its spellings (`value.<class>.<word>`), in both languages."""
    found = _spellings(words).get(text.casefold())
    if found is None:
        raise Fault("word", column=column, text=text, known=", ".join(words))
    return words(found)


@cache
def _spellings(words: type[StrEnum]) -> dict[str, str]:
    return {spelling: word.value for word in words for spelling in {word.value.casefold(), *_said(f"{words.__name__.lower()}.{word}")}}


def _said(name: str) -> set[str]:
    return {spelling.casefold() for lang in LANGS for spelling in say(f"value.{name}", lang).split("|")}


def read_flag(text: str, column: str) -> bool:
    """Yes or no; empty is no."""
    if text.casefold() in _said("yes"):
        return True
    if not text or text.casefold() in _said("no"):
        return False
    raise Fault("flag", column=column, text=text)


def read_number(text: str, column: str) -> float | None:
    """A plain decimal number; None where the cell is empty."""
    if not text:
        return None
    if not NUMBER.fullmatch(text):
        raise Fault("number", column=column, text=text)
    return float(text)


def read_whole(text: str, column: str, default: int) -> int:
    """A whole number from 0 to 999,999."""
    if not text:
        return default
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
        raise Fault("whole", column=column, text=text)
    return int(text)


def read_instant(text: str, column: str, zone: ZoneInfo) -> datetime | None:
    """A date (its first instant) or a date and time; naive ones are in `zone`. ISO, 2026/3/1 and 2026年3月1日; None where empty."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(_iso(text))
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # the second: a day before the first or after the last
        raise Fault("instant", column=column, text=text) from None


def read_date(text: str, column: str) -> date | None:
    """A day: ISO, 2026/3/1 and 2026年3月1日; None where empty. A time of the day is a Fault."""
    if not text:
        return None
    try:
        return date.fromisoformat(_iso(text).removesuffix("T00:00:00"))
    except ValueError:
        raise Fault("date", column=column, text=text) from None


def read_working_hours(text: str, column: str) -> tuple[Shift, ...]:
    """Such as 08:00-12:00 14:00-18:00; empty is none. What overlaps or ends before it begins is refused by its own name."""
    try:
        return read_hours(text)
    except ValueError:
        raise Fault("hours", column=column, text=text) from None


def _iso(text: str) -> str:
    """2026/3/1, 2026.3.1 and 2026年3月1日 8:05 as ISO; anything else as it is."""
    parts = DATE.fullmatch(text)
    if not parts:
        return text
    year, month, day, hour, minute, second = parts.groups()
    return f"{year}-{month:0>2}-{day:0>2}T{hour or 0:0>2}:{minute or 0:0>2}:{second or 0:0>2}"


def read_limit(text: str, column: str) -> Limit:
    """A time limit: a whole number and its unit (UH, WH, WD, or that in words); anything else is a Fault, never guessed."""
    parts = re.fullmatch(r"(\d+)\s*(\D+)", text, re.ASCII)
    try:
        return Limit.parse(f"{parts[1]} {read_word(parts[2].strip(), column, LimitUnit)}" if parts else text)
    except (LimitUnreadable, Fault):
        raise Fault("limit", column=column, text=text) from None
