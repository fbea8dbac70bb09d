"""One subdistrict of the made-up county with cells, workers and land, and a small land of squares for what must be exact."""

import numpy as np
import pytest

from gridmap.atlas.fonts import Fonts, find_fonts
from gridmap.atlas.subject import Subject
from tests.atlas import lands


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    return find_fonts()


@pytest.fixture(scope="session")
def town() -> Subject:
    return lands.town()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
