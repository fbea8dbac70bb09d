"""What whoever prints chooses, and how a sheet says its texts in one language or in both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from gridmap.atlas.paper import Layout, Paper
from gridmap.errors import BadInput
from gridmap.words import Lang, say

PrintLang = Literal["zh", "en", "both"]


class ScaleUnusable(BadInput):
    """A scale that no sheet can have; facts: scale."""


@dataclass(frozen=True, slots=True)
class Choices:
    """`scale` is the n of 1:n, None for what suits; `public` leaves out private phones and households; `url` is what QR codes begin with.

    `printed` is the instant that sheets say they were printed at, in the county's zone; the same choices and data give the same bytes.
    """

    paper: Paper = Paper.A3
    scale: int | None = None
    lang: PrintLang = "zh"
    public: bool = False
    url: str | None = None
    printed: datetime | None = None

    def __post_init__(self) -> None:
        if self.scale is not None and not 100 <= self.scale <= 1_000_000:
            raise ScaleUnusable(scale=self.scale)

    @property
    def langs(self) -> tuple[Lang, ...]:
        return ("zh", "en") if self.lang == "both" else (self.lang,)

    @property
    def main(self) -> Lang:
        """The language of names on the map, where there is room for one."""
        return self.langs[0]

    def say(self, key: str, **facts: Any) -> list[str]:
        """A text in each language that is wanted; a fact may be a Named, which has a name in each."""
        return [say(key, lang, **{name: _said(fact, lang) for name, fact in facts.items()}) for lang in self.langs]


def read_scale(text: str) -> int | None:
    """`auto`, or the n of 1:n; ScaleUnusable."""
    if text == "auto":
        return None
    digits = text.removeprefix("1:").replace(",", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 7):
        raise ScaleUnusable(scale=text)
    return int(digits)


def _said(fact: Any, lang: Lang) -> object:
    return fact.name_in(lang) if hasattr(fact, "name_in") else fact


@dataclass(frozen=True, slots=True)
class Page:
    """One page for the typesetter: `kind` names its template, `data` is all that stands on it, in millimetres and strings.

    `of` is the village (or township, or worker) that it belongs to, `squares` the grid square of each cell that it is about, `called` the
    rows of callouts for which it had no room, `callouts` how many cells are only a number, `vacant` those without a worker, `listed` the
    cells whose numbers stand in the list beside the map.
    """

    kind: str
    of: str
    data: dict[str, Any]
    sheet: int | None = None
    squares: Mapping[str, str] = field(default_factory=dict)
    called: Sequence[Any] = ()
    callouts: int = 0
    vacant: tuple[str, ...] = ()
    scale: int | None = None
    layout: Layout | None = None
    listed: tuple[str, ...] = ()

    def texts(self) -> Iterator[str]:
        """Every string that is set in type."""
        yield from _strings(self.data)


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for name, value in data.items():
            if name not in {"drawing", "kind"}:
                yield from _strings(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _strings(value)
