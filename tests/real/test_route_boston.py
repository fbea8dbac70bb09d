"""A real city: rules learned from the first months of Boston's requests route the months after them."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from scipy.stats import binom

from gridmap.flows.learn_rules import LearnedFile, LearnOptions, learn_rules
from gridmap.flows.place_points import PlaceOptions
from gridmap.flows.route_file import RoutedFile, RouteOptions, route_file

pytestmark = pytest.mark.real
DEFAULT = "42.3594", "-71.0587"  # where the city's geocoder puts what it cannot place
PLACES = PlaceOptions(code="WARD", lon="LONGITUDE", lat="LATITUDE")
KEPT = ["CASE_ENQUIRY_ID", "TYPE", "QUEUE", "LATITUDE", "LONGITUDE"]


def _requests(folder: Path) -> pd.DataFrame:
    """All requests with a place of their own, by time."""
    rows = pd.read_csv(folder / "boston311_2015_subset.csv.gz", dtype=str)
    rows = rows[(DEFAULT[0] != rows.LATITUDE) | (DEFAULT[1] != rows.LONGITUDE)]
    return rows.iloc[pd.to_datetime(rows.OPEN_DT, format="%m/%d/%Y %I:%M:%S %p").argsort(kind="stable")][KEPT]


@pytest.fixture(scope="module", params=[(0.0, 0.7, 1.0), (0.0, 0.5, 0.72), (0.3, 0.75, 0.95)], ids=str)
def routed(request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[LearnedFile, RoutedFile]:
    """Learned from the rows of one part of the year, asked about the part after it."""
    rows, folder, boston = _requests(real_data / "boston311"), tmp_path_factory.mktemp("boston"), real_data / "boston311"
    start, seen, end = (int(len(rows) * share) for share in request.param)
    past, new, rules, out = (folder / name for name in ("past.csv", "new.csv", "rules.csv", "out.csv"))
    rows[start:seen].to_csv(past, index=False)
    rows[seen:end].to_csv(new, index=False)
    options = LearnOptions(places=PLACES, type="TYPE", office="QUEUE", zone=ZoneInfo("America/New_York"))
    learned = learn_rules(past, boston / "bos_wards.geojson", rules, options)
    return learned, route_file(new, boston / "bos_wards.geojson", out, RouteOptions(places=PLACES, rules=rules, type="TYPE"))


def test_what_is_sure_goes_where_the_city_sent_it(routed: tuple[LearnedFile, RoutedFile]) -> None:
    learned, done = routed
    rows = pd.read_csv(done.out, dtype=str, keep_default_na=False)
    right, sure = rows.office == rows.QUEUE, rows.confident == "true"
    assert len(rows) == done.rows == done.confident + done.named + done.nobody
    assert sure.sum() == done.confident
    assert right.mean() >= 0.79
    assert sure.mean() >= 0.5
    assert right[sure].sum() >= binom.ppf(0.05, sure.sum(), 0.995), "within what chance does once in twenty"
    assert learned.learned.right_sure >= 0.995, "which the trials foretold"
