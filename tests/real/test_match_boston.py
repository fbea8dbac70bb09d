"""A real city: Boston's requests of 2015 find the wards that the city itself wrote beside them."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from gridmap.flows.match_file import MatchedFile, MatchOptions, match_file

pytestmark = pytest.mark.real
default_lat, default_lon = "42.3594", "-71.0587"  # where the city's geocoder puts what it cannot place


@pytest.fixture(scope="module")
def matched(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> MatchedFile:
    boston = real_data / "boston311"
    out = tmp_path_factory.mktemp("boston") / "out.csv"
    return match_file(boston / "boston311_2015_subset.csv.gz", boston / "bos_wards.geojson", out, MatchOptions(code="WARD"))


def test_requests_find_the_ward_that_the_city_names(matched: MatchedFile) -> None:
    rows = pd.read_csv(matched.out, dtype=str, keep_default_na=False)
    placed = rows[(rows["LATITUDE"] != default_lat) | (rows["LONGITUDE"] != default_lon)]
    named = pd.to_numeric(placed.ward.str.extract(r"(\d+)")[0])
    known = placed[named.between(1, 22)]
    same = pd.to_numeric(known.match_code) == named[known.index]
    at_border = pd.to_numeric(known.match_border_m) < 25
    assert len(known) == 44_452
    assert same.mean() >= 0.989
    assert (same | at_border).mean() >= 0.9975, "what differs stands at a border: the coordinates have four decimals"


def test_every_row_keeps_its_own_text(real_data: Path, matched: MatchedFile) -> None:
    points = real_data / "boston311" / "boston311_2015_subset.csv.gz"
    with gzip.open(points, "rt", encoding="utf-8", newline="") as before, matched.out.open(encoding="utf-8", newline="") as after:
        pairs = list(zip(before, after, strict=True))
    assert len(pairs) == matched.rows + 1 == 58_028
    assert all(added.startswith(line.rstrip("\r\n") + ",") for line, added in pairs)
    assert matched.columns == ("LONGITUDE", "LATITUDE")
