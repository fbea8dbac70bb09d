"""Sheets look as they did when somebody looked at them: at 100 dpi no more than 0.5 % of the pixels differ by more than 40 of 255 levels.

Fonts of another release move a letter by a fraction of a pixel; what is drawn elsewhere, or no longer, changes more than that.
"""

import numpy as np
import pytest
from PIL import Image

from gridmap.atlas.fonts import Fonts
from gridmap.atlas.subject import Subject
from tests.atlas.references import FOLDER, SHEETS, sheet

LEVELS, SHARE = 40, 0.005


def differing(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that differ."""
    assert one.size == other.size
    apart = np.abs(np.asarray(one.convert("RGB"), dtype=int) - np.asarray(other.convert("RGB"), dtype=int)).max(axis=2)
    return float((apart > LEVELS).mean())


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_looks_as_it_did(town: Subject, fonts: Fonts, name: str) -> None:
    assert differing(sheet(name, town, fonts), Image.open(FOLDER / f"{name}.png")) < SHARE


def test_a_grey_copy_looks_as_it_did(town: Subject, fonts: Fonts) -> None:
    assert differing(sheet("village", town, fonts).convert("L"), Image.open(FOLDER / "village-grey.png")) < SHARE


def test_another_sheet_is_noticed(town: Subject, fonts: Fonts) -> None:
    """The tolerance is not so wide that anything passes: one cell of another colour is more than it allows."""
    kept = Image.open(FOLDER / "village.png").convert("RGB")
    changed = kept.copy()
    changed.paste((120, 120, 120), (300, 500, 400, 600))
    assert differing(kept, changed) >= SHARE
