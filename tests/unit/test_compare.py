"""What becomes of cells, by the stated rule, against the same told from labels; who moves; whose load it is."""

from collections import Counter
from dataclasses import replace

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from gridmap.grid import Area, Households, Level
from gridmap.grid.crosswalk import Overlap, crosswalk
from gridmap.planning.compare import Comparison, Side, compare
from gridmap.planning.fates import Change, Fate, fates, heirs

VILLAGE = "420100100201"
SQUARES = 12
COUNTS = (10, 20, 5, 15, 10, 30, 5, 5, 20, 10, 0, 40)
MIRROR = {Fate.SPLIT: Fate.MERGED, Fate.MERGED: Fate.SPLIT, Fate.NEW: Fate.RETIRED, Fate.RETIRED: Fate.NEW}

Labels = tuple[int, ...]


def cells(labels: Labels, prefix: str = "") -> list[Area]:
    """A row of unit squares; those of one label are one cell, -1 is in none."""
    squares = {label: [box(n, 0, n + 1, 1) for n in range(SQUARES) if labels[n] == label] for label in sorted(set(labels) - {-1})}
    return [Area(f"{prefix}{label}", Level.CELL, f"{label}", VILLAGE, shapely.union_all(parts)) for label, parts in squares.items()]


def people(counts: tuple[int, ...] = COUNTS) -> Households:
    ids = np.array([f"h{n}" for n in range(SQUARES)], dtype=np.str_)
    return Households(ids, np.arange(SQUARES) + 0.5, np.full(SQUARES, 0.5), np.array(counts, dtype=np.int64))


def become(before: Labels, after: Labels) -> dict[Fate, list[Change]]:
    old, new = cells(before), cells(after, "n")
    told = fates([c.code for c in old], [c.code for c in new], crosswalk(old, new, people()).overlaps)
    found: dict[Fate, list[Change]] = {fate: [] for fate in Fate}
    for change in told:
        found[change.fate].append(change)
    return found


rows = st.lists(st.integers(-1, 4), min_size=SQUARES, max_size=SQUARES).map(tuple)


@given(before=rows, after=rows)
def test_shares_are_what_counting_households_by_label_gives(before: Labels, after: Labels) -> None:
    found = {(one.before, one.after): one for one in crosswalk(cells(before), cells(after), people()).overlaps}
    for i in set(before) - {-1}:
        for j in set(after) - {-1}:
            both = sum(n for n, a, b in zip(COUNTS, before, after, strict=True) if (a, b) == (i, j))
            ours, theirs = (sum(n for n, label in zip(COUNTS, row, strict=True) if label == k) for row, k in ((before, i), (after, j)))
            one = found.get((str(i), str(j)), Overlap(str(i), str(j), 0, 0.0, 0.0))
            assert one.households == both
            assert not ours or one.of_before == both / ours
            assert not theirs or one.of_after == both / theirs


@given(before=rows, after=rows)
def test_each_cell_has_one_fate_and_the_rule_reads_the_same_backwards(before: Labels, after: Labels) -> None:
    old, new = cells(before), cells(after)
    forth = fates([c.code for c in old], [c.code for c in new], crosswalk(old, new, people()).overlaps)
    back = fates([c.code for c in new], [c.code for c in old], crosswalk(new, old, people()).overlaps)
    assert sorted(code for change in forth for code in change.before) == [c.code for c in old]
    assert sorted(code for change in forth for code in change.after) == [c.code for c in new]
    mirrored = Counter((MIRROR.get(change.fate, change.fate), change.after, change.before) for change in back)
    assert mirrored == Counter((change.fate, change.before, change.after) for change in forth)


@given(before=rows, after=rows)
def test_heirs_are_one_to_one_and_have_most_of_what_they_go_on_for(before: Labels, after: Labels) -> None:
    overlaps = crosswalk(cells(before), cells(after), people()).overlaps
    found = heirs(overlaps)
    assert len(set(found.values())) == len(found)
    share = {(one.before, one.after): one for one in overlaps}
    for old, new in found.items():
        assert share[old, new].of_before > 0.5
        rivals = [one for one in overlaps if one.after == new and one.of_before > 0.5]
        assert share[old, new].households == max(one.households for one in rivals)


@given(before=rows, after=rows)
def test_who_moves_is_who_is_not_in_the_cell_that_goes_on(before: Labels, after: Labels) -> None:
    told = compare(Side(cells(before), {}), Side(cells(after), {}), people())
    going_on = heirs(crosswalk(cells(before), cells(after), people()).overlaps)
    stay = sum(n for n, a, b in zip(COUNTS, before, after, strict=True) if a == b == -1 or (b != -1 and going_on.get(str(a)) == str(b)))
    assert told.moved == sum(COUNTS) - stay
    ids = [id for move in told.moves for id in move.ids]
    assert len(set(ids)) == len(ids)
    by_id = dict(zip(people().ids.tolist(), COUNTS, strict=True))
    assert sum(by_id[id] for id in ids) == sum(move.households for move in told.moves)


def test_kept_resized_split_merged_redrawn_new_and_retired() -> None:
    #         10 20 5 15 10 30 5 5 20 10 0 40
    before = (0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4)
    assert become(before, before)[Fate.KEPT] == [Change(Fate.KEPT, (str(n),), (f"n{n}",)) for n in range(5)]
    assert become(before, (0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4))[Fate.RESIZED] == [
        Change(Fate.RESIZED, ("0",), ("n0",)), Change(Fate.RESIZED, ("1",), ("n1",)),
    ]  # fmt: skip
    assert become(before, (0, 0, 0, 1, 1, 2, 2, 2, 3, 5, 4, 4))[Fate.SPLIT] == [Change(Fate.SPLIT, ("3",), ("n3", "n5"))]
    assert become(before, (0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 4, 4))[Fate.MERGED] == [Change(Fate.MERGED, ("0", "1"), ("n0",))]
    gone = become(before, (0, 0, 0, 1, 1, 2, 2, 2, -1, -1, 4, 4))
    assert gone[Fate.RETIRED] == [Change(Fate.RETIRED, ("3",), ())]
    assert become((0, 0, 0, 1, 1, 2, 2, 2, -1, -1, 4, 4), before)[Fate.NEW] == [Change(Fate.NEW, (), ("n3",))]
    #  0 gives most to n0; n1 has most from 0, and takes the whole of 1
    assert become((0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, -1), (0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, -1))[Fate.REDRAWN] == [
        Change(Fate.REDRAWN, ("0", "1"), ("n0", "n1"))
    ]


def test_land_where_nobody_lives_is_followed_by_its_area() -> None:
    nobody = people((0,) * SQUARES)
    old, new = cells((0,) * 6 + (1,) * 6), cells((0,) * 5 + (1,) * 7, "n")
    told = crosswalk(old, new, nobody).overlaps
    assert [(one.before, one.after, one.households) for one in told] == [("0", "n0", 0), ("0", "n1", 0), ("1", "n1", 0)]
    np.testing.assert_allclose([(one.of_before, one.of_after) for one in told], [(5 / 6, 1), (1 / 6, 1 / 7), (1, 6 / 7)])


def load(told: Comparison, worker: str | None) -> tuple[int, ...]:
    [found] = [each for each in told.loads if each.worker == worker]
    return found.cells_before, found.cells_after, found.households_before, found.households_after, found.gained, found.lost


def test_the_load_of_each_worker_counts_cells_households_and_incidents_on_either_side() -> None:
    before, after = cells((0,) * 4 + (1,) * 4 + (2,) * 4), cells((0,) * 5 + (1,) * 3 + (3,) * 4)
    holders = {"0": "W1", "1": "W2", "2": "W1"}
    incidents = (np.array([0.5, 4.5, 4.6, 9.5]), np.full(4, 0.5))
    told = compare(Side(before, holders), Side(after, holders), people(), incidents)
    assert load(told, "W1") == (2, 1, 120, 60, 10, 70)
    assert load(told, "W2") == (1, 1, 50, 40, 0, 10)
    assert load(told, None) == (0, 1, 0, 70, 70, 0)
    assert [(each.worker, each.incidents_before, each.incidents_after) for each in told.loads] == [("W1", 2, 3), ("W2", 2, 0), (None, 0, 1)]
    assert (told.moved, told.other_worker, dict(told.recoded)) == (10, 80, {"2": "3"})
    assert told.fates[Fate.KEPT] == 1


def test_a_sheet_is_printed_again_for_another_outline_name_or_worker_and_for_nothing_else() -> None:
    here = cells((0,) * 6 + (1,) * 6)
    side = Side(here, {"0": "W1"})
    turned = [replace(cell, shape=shapely.reverse(cell.shape)) for cell in here]
    assert compare(side, Side(turned, {"0": "W1"}), people()).sheets == ()
    for other in (
        Side([replace(here[0], name="别名"), here[1]], {"0": "W1"}),
        Side(here, {"0": "W2"}),
        Side(here[:1], {"0": "W1"}),
        Side(cells((0,) * 7 + (1,) * 5), {"0": "W1"}),
    ):
        assert compare(side, other, people()).sheets == (VILLAGE,)
