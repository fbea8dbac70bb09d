"""Names in the order in which a dictionary has them: Chinese ones by their reading, beside Latin ones by letter."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Named = TypeVar("Named")


def by_name(things: Iterable[Named], name: Callable[[Named], tuple[str, str]]) -> list[Named]:
    """Things by the reading of their name (tones tell equal letters apart), then by the second word of `name`."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 (only indexes wait for it)

    def key(thing: Named) -> tuple[list[str], list[str], str, str]:
        text, other = name(thing)
        letters = [part.lower() for part in lazy_pinyin(text)]
        return letters, lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True), text, other

    return sorted(things, key=key)
