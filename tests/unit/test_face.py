"""The names that a notebook takes from `gridmap`, and that taking none of them costs nothing."""

import subprocess
import sys

import pytest

import gridmap


def test_every_name_of_the_face_is_there() -> None:
    assert [name for name in gridmap.__all__ if getattr(gridmap, name) is None] == []
    assert sorted(gridmap._ROOM_OF) == sorted(set(gridmap.__all__) - {"__version__"})


def test_another_name_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = gridmap.nothing


def test_the_face_alone_loads_no_heavy_package() -> None:
    ask = "import gridmap, sys; print(sorted({'numpy', 'shapely', 'pyproj', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_the_command_alone_loads_no_heavy_package() -> None:
    heavy = "{'numpy', 'shapely', 'pandas', 'pyarrow', 'numba', 'sqlalchemy', 'fastapi', 'folium', 'typst'}"
    ask = f"import gridmap.cli, sys; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout == "[]\n"
