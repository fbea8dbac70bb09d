"""The type of printed sheets: Noto CJK where this machine has it, measured and searched for glyphs before anything is drawn.

Only the fonts found here are handed to the typesetter, so that the same data gives the same sheet on every machine.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from gridmap.atlas.sfnt import Sfnt
from gridmap.errors import BadInput, Unavailable

FOLDERS = (
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/google-noto-cjk",
    "/usr/share/fonts/google-noto-sans-cjk-fonts",
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
)
FILES = ("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC*.otf", "NotoSansSC*.ttf")
SANS = ("Noto Sans CJK SC", "Noto Sans SC")
SERIF = ("Noto Serif CJK SC", "Noto Serif SC")
MOST_KEPT = 50_000
"""Texts whose width is remembered."""
INSTALL = "apt-get install -y fonts-noto-cjk"


class FontMissing(Unavailable):
    """Noto CJK is not on this machine; facts: install (the line that brings it)."""


class GlyphMissing(BadInput):
    """Letters that no font here can draw; facts: letters, where, fonts (the setting that names a folder with more)."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face that the typesetter knows by its family, and what it says of its letters."""

    family: str
    letters: Sfnt


@dataclass(frozen=True, eq=False)
class Fonts:
    """The faces that sheets are set in: `plain` and `bold`, and `fallback` for rare letters; `typeset` is all of them for Typst."""

    plain: Face
    bold: Face
    fallback: tuple[Face, ...]
    typeset: Any

    @property
    def families(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(face.family for face in (self.plain, *self.fallback)))

    @cached_property
    def _em(self) -> dict[tuple[str, bool], float]:
        return {}

    def width(self, text: str, points: float, *, bold: bool = False) -> float:
        """How wide the text is in millimetres at this size."""
        key = (text, bold)
        if key not in self._em:
            if len(self._em) > MOST_KEPT:
                self._em.clear()
            face = (self.bold if bold else self.plain).letters
            self._em[key] = sum(self._letter(letter, bold=bold, face=face) for letter in text)
        return self._em[key] * points * 25.4 / 72

    def _letter(self, letter: str, *, bold: bool, face: Sfnt) -> float:
        key = (letter, bold)
        if key not in self._letters:
            self._letters[key] = face.em(letter)
        return self._letters[key]

    @cached_property
    def _letters(self) -> dict[tuple[str, bool], float]:
        return {}

    def draw(self, text: str) -> bool:
        """Whether some face has every letter of a text: quick, because letters are remembered."""
        new = set(text) - self._drawn
        self._drawn.update(letter for letter in new if letter.isspace() or self._has(letter))
        return new <= self._drawn

    @cached_property
    def _drawn(self) -> set[str]:
        return set()

    def _has(self, letter: str) -> bool:
        return any(face.letters.glyph(letter) for face in (self.plain, *self.fallback))

    def missing(self, texts: Iterable[str]) -> dict[str, str]:
        """Each letter that none of the faces has, with the first text that uses it."""
        found: dict[str, str] = {}
        known: set[str] = set()
        for text in texts:
            for letter in set(text) - known:
                known.add(letter)
                if not letter.isspace() and not self._has(letter):
                    found[letter] = text
        return found

    def check(self, texts: Iterable[str]) -> None:
        """GlyphMissing lists the letters that would be empty boxes."""
        found = self.missing(texts)
        if found:
            letters = " ".join(f"{letter} (U+{ord(letter):04X})" for letter in sorted(found))
            where = "; ".join(sorted(set(found.values()))[:5])
            raise GlyphMissing(letters=letters, where=where, fonts="GRIDMAP_FONTS")


def find_fonts(extra: Path | None = None) -> Fonts:
    """The fonts of this machine, and of the folder `extra` for letters that Noto lacks. FontMissing."""
    return _find(extra, tuple(FOLDERS))


@cache
def _find(extra: Path | None, folders: Sequence[str]) -> Fonts:
    import typst  # noqa: PLC0415 (as above)

    home = next((found for place in (extra, *(Path(folder).expanduser() for folder in folders)) if (found := _home(place))), None)
    if home is None:
        raise FontMissing(install=INSTALL)
    set_ = typst.Fonts(False, False, [str(each) for each in dict.fromkeys((home, *([extra] if extra else [])))])
    infos = sorted((info for info in set_.fonts() if info.path), key=lambda info: (str(info.path), info.index))
    sans = [info for info in infos if info.family in SANS and info.style == "normal"]
    plain, bold = _nearest(sans, 400), _nearest(sans, 700)
    rare = {info.family: info for info in infos if info.family in SERIF or (extra and str(info.path).startswith(str(extra)))}
    return Fonts(_face(plain), _face(bold), tuple(map(_face, rare.values())), set_)


def _home(place: Path | None) -> Path | None:
    """The folder at or below `place` that holds Noto's sans in its Chinese cut."""
    if place is None or not place.is_dir():
        return None
    found = (path.parent for name in FILES for path in sorted(place.rglob(name)))
    return next(found, None)


def _nearest(infos: Sequence[Any], weight: int) -> Any:
    return min(infos, key=lambda info: (abs(info.weight - weight), info.path))


def _face(info: Any) -> Face:
    return Face(info.family, Sfnt(Path(info.path), info.index))
