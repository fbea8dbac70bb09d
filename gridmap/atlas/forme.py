"""Type and drawings in their places on one sheet, as printers lock them up: what the typesetter is told, which decides nothing itself.

Lengths are in millimetres from the sheet's top left, y downward; sizes of type in points. A line of type is as high as its size.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gridmap.atlas.fonts import Fonts
from gridmap.atlas.ink import INK
from gridmap.atlas.labels import POINT

SOFT, ACCENT = "#5C5A55", "#8E2F5B"
ASCENT = 0.88
"""How far the baseline is below the top of a line, of its size."""
LEAD = 0.99
"""Between two lines on an A3."""
SECOND = 0.78
"""How large a second language is beside the first."""
_WORD = re.compile(r"\s+|[「『（《“(]*(?:[!-'*-~\u00A0-\u024F]+|\S)[，。、；：？！）》」』”)]*")
"""What is not broken: a word of Latin letters, or one character, with the marks that do not begin or end a line."""


@dataclass(slots=True, eq=False)
class Forme:
    """A sheet while it is made; `f` is how large its paper is beside an A3."""

    fonts: Fonts
    f: float
    parts: list[str] = field(default_factory=list)
    _type: dict[tuple[float, bool, str], list[tuple[float, float, str]]] = field(default_factory=dict)
    _turned: list[dict[str, Any]] = field(default_factory=list)

    def draw(self, *parts: str) -> None:
        """Operators of `ink`, in the order in which they are drawn; type stands upon all of them."""
        self.parts += parts

    def line(self, x: float, top: float, text: str, size: float, *, bold: bool = False, ink: str = INK, at: float = 0.0) -> float:
        """One line, `at` of whose width stands before `x` (0, 0.5 or 1). Where it ends."""
        if not text:
            return x
        wide = self.fonts.width(text, size, bold=bold)
        self.put(x - at * wide, top, text, size, bold=bold, ink=ink)
        return x + (1 - at) * wide

    def put(self, left: float, top: float, text: str, size: float, *, bold: bool = False, ink: str = INK) -> None:
        """One line whose left is known."""
        self._type.setdefault((round(size, 2), bold, ink), []).append((round(left, 2), round(top, 2), text))

    def after(self, x: float, top: float, text: str, *, above: float, size: float, ink: str = INK) -> float:
        """Smaller type on the baseline of type of the size `above` whose top is `top`. Where it ends."""
        return self.line(x, top + ASCENT * (above - size) * POINT, text, size, ink=ink)

    def pair(self, x: float, top: float, words: Sequence[str], size: float, *, bold: bool = False) -> None:
        """A text in one language, or in two on one line, the second smaller and softer."""
        end = self.line(x, top, words[0], size, bold=bold)
        for text in words[1:]:
            end = self.after(end + 1.4 * self.f, top, text, above=size, size=SECOND * size, ink=SOFT)

    def paragraph(self, x: float, top: float, text: str, *, width: float, size: float, ink: str = INK) -> float:
        """As many lines as a text needs. Where the next one would begin."""
        for line in self.broken(text, width, size):
            self.line(x, top, line, size, ink=ink)
            top += self.pitch(size)
        return top

    def pitch(self, size: float) -> float:
        """From the top of a line to that of the next."""
        return size * POINT + LEAD * self.f

    def broken(self, text: str, width: float, size: float) -> list[str]:
        """A text in lines of this width; nothing of an empty one."""
        return list(_broken(text, lambda line: self.fonts.width(line, size) <= width))

    def turn(self, x: float, y: float, text: str, *, size: float, degrees: float, bold: bool = False, ink: str = INK) -> float:
        """One line about its middle, turned clockwise. How long it is."""
        wide = self.fonts.width(text, size, bold=bold) + 0.1
        at = {"x": round(x - wide / 2, 2), "y": round(y, 2), "w": round(wide, 2)}
        self._turned.append(at | {"t": text, "s": round(size, 2), "b": bold, "c": ink, "turn": degrees})
        return wide

    def told(self) -> dict[str, Any]:
        """What the typesetter is told of the type: for each look the left and top of every line."""
        return {
            "type": [{"s": size, "b": bold, "c": ink, "at": at} for (size, bold, ink), at in self._type.items()],
            "turned": self._turned,
        }


def _broken(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """Between words, and within one that alone is too long: an address, say."""
    line = ""
    for word in _WORD.findall(text.strip()):
        if not line and word.isspace():
            continue
        if fits(line + word.rstrip()):
            line += word
            continue
        if line.strip():
            yield line.rstrip()
        line = word.lstrip()
        while line and not fits(line):
            most = max((count for count in range(1, len(line)) if fits(line[:count])), default=1)
            yield line[:most]
            line = line[most:]
    if line.strip():
        yield line.rstrip()
