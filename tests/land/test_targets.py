"""About how many households a cell has, by the kind of its village."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from gridmap.grid import Area, Households
from gridmap.planning import CutTarget, Targets, cut_villages
from gridmap.planning.targets import VillageKind, kind_of
from tests.land.test_cut import check, homes, sizes, village

TOWN, RURAL, OTHER = "420100100001", "420100100201", "420100100501"
BOTH = Targets(town=80, rural=50)


def people(buildings: int, seed: int = 0) -> Households:
    """Buildings of one to five households, by chance over a village of 1,200 m."""
    rng = np.random.default_rng(seed)
    return homes(rng.uniform(5, 1195, (buildings, 2)).tolist(), rng.integers(1, 6, buildings).tolist())


def land(code: str) -> Area:
    return village(box(0, 0, 1200, 1200), code)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("110101001001", VillageKind.TOWN), ("110101001199", VillageKind.TOWN),
        ("110101001200", VillageKind.RURAL), ("110101001399", VillageKind.RURAL),
        ("110101001000", None), ("110101001400", None), ("110101001500", None),
        ("V-1", None), ("1101010010010", None), ("１１０１０１００１００１", None),
    ],
)  # fmt: skip
def test_the_code_of_a_village_tells_who_governs_it(code: str, kind: VillageKind | None) -> None:
    assert kind_of(code) == kind


def test_a_town_gets_large_cells_and_the_country_small_ones_within_the_same_bounds() -> None:
    crowd = people(800)
    mean = {}
    for code in (TOWN, RURAL, OTHER):
        cut = cut_villages([land(code)], crowd, targets=BOTH)
        check(cut, [land(code)], crowd)
        mean[code] = np.mean(sizes(cut))
    assert mean[RURAL] < 60 < mean[OTHER] < 70 < mean[TOWN] <= 80


def test_a_village_of_another_kind_is_cut_as_without_targets() -> None:
    crowd = people(300)
    for code, targets in ((OTHER, BOTH), (TOWN, Targets(rural=50)), (RURAL, Targets(town=80))):
        assert cut_villages([land(code)], crowd, targets=targets).cells == cut_villages([land(code)], crowd).cells


@settings(max_examples=20, deadline=None)
@given(st.integers(17, 400), st.integers(0, 10_000), st.integers(50, 80), st.sampled_from([TOWN, RURAL]))
def test_a_target_puts_no_cell_out_of_the_bounds(buildings: int, seed: int, target: int, code: str) -> None:
    """Where all cells fit without a target they fit with it, on villages that are searched and on larger ones."""
    crowd = people(buildings, seed)
    plain = cut_villages([land(code)], crowd)
    aimed = cut_villages([land(code)], crowd, targets=Targets(target, target))
    check(aimed, [land(code)], crowd)
    assert sum(sizes(aimed)) == sum(sizes(plain))
    if not plain.exceptions:
        assert not aimed.exceptions


@pytest.mark.parametrize(("targets", "told"), [(Targets(town=90), "90"), (Targets(rural=49), "49")])
def test_a_target_outside_the_bounds_is_refused(targets: Targets, told: str) -> None:
    with pytest.raises(CutTarget, match=told):
        cut_villages([land(TOWN)], people(100), targets=targets)


def test_what_is_given_takes_the_place_of_what_the_county_has_set() -> None:
    assert BOTH.but() == BOTH
    assert BOTH.but(town=0) == Targets(rural=50)
    assert BOTH.but(rural=60) == Targets(town=80, rural=60)
