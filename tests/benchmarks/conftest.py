"""What the benchmarks measured goes into one sheet, written when all of them are done."""

from collections.abc import Iterator

import pytest

from tests.benchmarks.sheet import Sheet


@pytest.fixture(scope="session")
def sheet() -> Iterator[Sheet]:
    measured = Sheet()
    yield measured
    measured.write()
