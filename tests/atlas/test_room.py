"""Where there is most room: what is found lies inside, and nothing much larger would have."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.atlas.room import Room
from tests.builders import bent_coverage

SCALES = 0.94 ** np.arange(70)


def _sizes(count: int, width: float, height: float) -> np.ndarray:
    return np.tile(np.outer(SCALES, [width, height])[:, None, :], (1, count, 1))


@given(st.integers(0, 10_000), st.floats(0.2, 5))
def test_a_box_lies_in_its_shape_where_most_room_is(seed: int, broad: float) -> None:
    """The oracle tries boxes on a fine raster of middles: it finds none that is larger by more than two lines of the search."""
    shapes = shapely.transform(bent_coverage(3, 6, seed), lambda xy: xy * 40)
    sizes = _sizes(len(shapes), 40 * broad, 40)
    first, spots = Room.of(shapes).fit(sizes)
    assert (first < len(sizes)).all()
    half = sizes[first, np.arange(len(shapes))] / 2
    assert shapely.contains(shapes, shapely.box(*(spots - half).T, *(spots + half).T)).all()
    larger = half * 1.3
    for shape, (w, h) in zip(shapes, larger.tolist(), strict=True):
        west, south, east, north = shape.bounds
        xs, ys = (grid.ravel() for grid in np.meshgrid(np.linspace(west, east, 25), np.linspace(south, north, 25)))
        assert not shapely.contains(shape, shapely.box(xs - w, ys - h, xs + w, ys + h)).any()


def test_an_even_shape_has_it_in_its_middle_and_a_narrow_one_where_it_is_wide() -> None:
    shapes = np.array([shapely.box(0, 0, 60, 40), shapely.from_wkt("POLYGON ((0 0, 4 0, 4 60, 44 60, 44 90, 0 90, 0 0))")])
    _, spots = Room.of(shapes).fit(_sizes(2, 60, 40))
    assert spots[0] == pytest.approx([30, 20], abs=1)
    assert spots[1] == pytest.approx([22, 75], abs=2)


def test_where_nothing_fits_nothing_is_said() -> None:
    first, _ = Room.of(np.array([shapely.box(0, 0, 1, 100)])).fit(np.full((3, 1, 2), 5.0))
    assert first.tolist() == [3]


def test_a_hole_is_no_room() -> None:
    ring = shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))
    first, spots = Room.of(np.array([ring])).fit(_sizes(1, 30, 30))
    half = 30 * float(SCALES[first[0]]) / 2
    assert ring.contains(shapely.box(*(spots[0] - half), *(spots[0] + half)))
    assert half * 2 > 8
