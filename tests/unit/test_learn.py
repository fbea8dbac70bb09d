"""Rules from history: what is learned from rows, whether "sure" is what it says, and what accepted rules answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, norm

from gridmap.catalogue import ANY, By, IssueType, Kind, Limit, Rule
from gridmap.duty import Office, OfficeKind
from gridmap.routing import Desks, Proposal, RuleBook, clashes
from gridmap.routing.history import History, history_of
from gridmap.routing.learn import BOUNDS, ENOUGH, NEVER, TARGET, Learned, Z, bound_for, learn, newer, wilson_lower

Report = tuple[str, str, str]  # type, area, office
reports = st.lists(st.tuples(st.sampled_from("TU"), st.sampled_from(["", "a", "b"]), st.sampled_from("XYZ")), min_size=1, max_size=60)


def learned(rows: list[Report]) -> Learned:
    return learn(_history(rows))


def _history(rows: list[Report]) -> History:
    types, areas, offices = zip(*rows, strict=True)
    return history_of(types, areas, offices)


def rule(found: Learned, issue: str, area: str | None = None) -> Proposal | None:
    return next((one for one in found.rules if (one.rule.issue, one.rule.area) == (issue, area)), None)


@given(st.integers(0, 300), st.integers(1, 300))
def test_the_lower_bound_is_that_of_another_hand(went: int, number: int) -> None:
    went = min(went, number)
    other = binomtest(went, number).proportion_ci(0.5, method="wilson").low  # two-sided 50 % is one-sided 75 %
    assert wilson_lower(np.array([went / number]), np.array([float(number)]))[0] == pytest.approx(other, abs=1e-4)
    assert norm.cdf(Z) == pytest.approx(0.75, abs=1e-4)


@given(st.lists(st.integers(0, 3), max_size=30))
def test_newer_rows_of_a_group_are_counted(groups: list[int]) -> None:
    assert newer(np.array(groups, dtype=np.int64)).tolist() == [groups[at + 1 :].count(group) for at, group in enumerate(groups)]


@given(reports, st.data())
def test_a_report_that_went_elsewhere_never_makes_a_rule_purer(rows: list[Report], data: st.DataObject) -> None:
    before = learned(rows)
    for one in before.rules:
        other = next(office for office in "XYZ" if office != one.rule.office)
        at = data.draw(st.integers(0, len(rows)))
        after = rule(learned([*rows[:at], (one.rule.issue, one.rule.area or "", other), *rows[at:]]), one.rule.issue, one.rule.area)
        if after is not None and after.rule.office == one.rule.office:
            assert (after.purity or 0) <= (one.purity or 0) + 1e-12
            assert after.support == (one.support or 0) + 1


@given(reports)
def test_rules_do_not_depend_on_how_types_are_mixed(rows: list[Report]) -> None:
    """Only the order within a type counts."""
    one, other = learned(rows), learned(sorted(rows, key=lambda row: row[0]))
    same = [{(each.rule, each.support, each.purity, each.lower) for each in found.rules} for found in (one, other)]
    assert same[0] == same[1]


def test_of_equals_the_first_by_name_is_taken_whichever_came_first() -> None:
    """Each office has the same weight: neither the order of the names' first appearance nor that of equal rows decides."""
    for pair in (("X", "Y"), ("Y", "X")):
        found = learned([("T", "a", pair[0]), ("U", "a", pair[1]), ("T", "", pair[0]), ("U", "", pair[1])])
        assert [(one.rule.issue, one.rule.office) for one in found.rules] == [("T", pair[0]), ("U", pair[1])]
    assert learn(history_of(["T"], [""], ["Y"])).rules[0].rule.office == "Y"


@given(reports)
@settings(max_examples=30)
def test_each_type_has_a_rule_and_an_area_only_one_that_says_something_else(rows: list[Report]) -> None:
    found = learned(rows)
    assert {one.rule.issue for one in found.rules if one.rule.area is None} == {issue for issue, _, _ in rows}
    for one in found.rules:
        wider = rule(found, one.rule.issue)
        assert wider is not None
        if one.rule.area is not None:
            assert one.rule.office != wider.rule.office or (one.confident and not wider.confident)
        there = [office for issue, area, office in rows if issue == one.rule.issue and one.rule.area in (None, area)]
        assert one.support == len(there)
        assert 0 <= (one.lower or 0) <= (one.purity or 0) <= 1


def test_too_short_a_history_makes_nothing_confident() -> None:
    assert not any(one.confident for one in learned([("T", "a", "X")] * (ENOUGH - 1)).rules)
    assert all(one.confident for one in learned([("T", "a", "X")] * 4 * ENOUGH).rules)


def test_a_bound_is_the_lowest_at_which_enough_were_right() -> None:
    lower, hits = np.repeat([0.992, 0.975, 0.955], 400), np.ones(1200, dtype=bool)
    assert bound_for(lower, hits) == BOUNDS[0]
    hits[800:807] = False
    assert bound_for(lower, hits) == 0.96
    hits[400:405] = False
    assert bound_for(lower, hits) == 0.98
    hits[:3] = False
    assert bound_for(lower, hits) == NEVER
    assert bound_for(lower[: ENOUGH - 1], np.ones(ENOUGH - 1, dtype=bool)) == NEVER
    assert bound_for(np.full(1000, BOUNDS[0] - 0.01), np.ones(1000, dtype=bool)) == NEVER


def world(seed: int, rows: int, *, noise: tuple[float, ...], by_area: bool = False) -> list[Report]:
    """A made-up county: each type goes to its office, or (every second, `by_area`) to its area's, but for a known share that strays."""
    draw = np.random.default_rng(seed)
    types, areas = draw.integers(0, 30, rows), draw.integers(0, 6, rows)
    stray = draw.random(rows) < np.array(noise)[types % len(noise)]
    return [
        (f"T{t}", f"a{a}", f"stray{s}" if lost else f"centre{a}" if by_area and t % 2 else f"office{t}")
        for t, a, s, lost in zip(types.tolist(), areas.tolist(), draw.integers(0, 9, rows).tolist(), stray.tolist(), strict=True)
    ]


def tried(rows: list[Report], share: float = 0.7) -> tuple[float, int, int]:
    """(right of all, how many were sure, how many of these were right): learned from the older `share`, asked about the rest."""
    seen = int(len(rows) * share)
    book = RuleBook(learned(rows[:seen]).rules)
    answers = [(book.answer(issue, area), office) for issue, area, office in rows[seen:]]
    right = sum(answer.office == office for answer, office in answers)
    sure = [answer.office == office for answer, office in answers if answer.confident]
    return right / len(answers), len(sure), sum(sure)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("noise", "by_area"), [((0.0, 0.2), False), ((0.002, 0.05, 0.5), False), ((0.001,), True)])
def test_sure_is_what_it_says_where_the_noise_is_known(seed: int, noise: tuple[float, ...], by_area: bool) -> None:
    """Of a world that stays as it is, at least TARGET of the sure ones are right, within what chance does once in a thousand."""
    right, sure, right_sure = tried(world(seed, 12_000, noise=noise, by_area=by_area))
    assert right_sure >= binom.ppf(0.001, sure, TARGET)
    assert sure > 0.2 * 3_600, "and a good part is sure"
    assert right >= 1 - np.mean(noise) - 0.02


@pytest.mark.parametrize("seed", range(3))
def test_where_every_type_strays_nothing_is_sure(seed: int) -> None:
    _, sure, _ = tried(world(seed, 12_000, noise=(0.05,)))
    assert sure == 0


def changed(at: int) -> list[Report]:
    """A world without noise in which the type T0 goes to another office from a row on."""
    rows = enumerate(world(1, 12_000, noise=(0.0,)))
    return [("T0", area, "new") if issue == "T0" and row >= at else (issue, area, office) for row, (issue, area, office) in rows]


def test_a_duty_that_changed_is_followed() -> None:
    """The rule names the new office, and is sure of it again, once the trials saw that it stays."""
    rows = changed(4_000)
    at_once, later = rule(learned(rows[:4_400]), "T0"), rule(learned(rows), "T0")
    assert at_once is not None
    assert later is not None
    assert not at_once.confident
    assert (later.rule.office, later.confident) == ("new", True)
    assert (later.purity or 0) > 0.98


def test_a_duty_that_changed_lately_makes_nothing_sure() -> None:
    """One of thirty types went astray for a quarter of the trials, more than one in 200: what happened once may happen again."""
    found, still = learned(changed(6_000)), learned(changed(12_000))
    assert found.rules[0].rule.office == "new"
    assert [sum(one.confident for one in each.rules) for each in (found, still)] == [0, 30]


def test_areas_that_go_their_own_way_get_rules() -> None:
    found = learned(world(2, 12_000, noise=(0.0,), by_area=True))
    own = [one for one in found.rules if one.rule.area is not None]
    assert {one.rule.office for one in own} == {f"centre{a}" for a in range(6)}
    assert all(one.rule.office == f"centre{one.rule.area[1:]}" and one.confident for one in own if one.rule.area)


def proposal(office: str, issue: str, area: str | None = None, *, rank: int = 100, confident: bool = True) -> Proposal:
    return Proposal(Rule(office, issue, By.SUBJECT, None, area, rank), confident, office, 10, 0.98, 0.9)


def test_the_narrower_rule_answers_then_the_lower_rank() -> None:
    book = RuleBook([proposal("X", "T"), proposal("Y", "T", "a"), proposal("Z", ANY, "b"), proposal("V", ANY), proposal("W", "T", rank=1)])
    asked = {("T", "a"): "Y", ("T", "b"): "Z", ("T", "c"): "W", ("U", "c"): "V", ("T", ""): "W"}
    assert {key: book.answer(*key).office for key in asked} == asked
    assert book.areas() == {"a", "b"}


def test_accepted_rules_answer_as_the_register_would() -> None:
    issue = IssueType("T", "G", Kind.EVENT, "T", Limit.parse("1 WD"), subject_first=True)
    rules = [
        proposal("X", "T"),
        proposal("Y", "T", "a"),
        proposal("Z", ANY, "b", rank=5),
        proposal("X", "T", "b"),
        proposal("V", "T", rank=7),
    ]
    desks = Desks([one.rule for one in rules], [Office(code, code, OfficeKind.DEPARTMENT) for code in "VXYZ"])
    for area in ("a", "b", "c"):
        assert RuleBook(rules).answer("T", area).office == desks.route(issue, ["county", area]).office


def keys(book: RuleBook, issue: str, area: str) -> list[str]:
    answer = book.answer(issue, area)
    assert all(sentence.text(lang) for sentence in answer.reasons for lang in ("en", "zh"))
    return [sentence.key.removeprefix("reason.learned.") for sentence in answer.reasons]


def test_answers_say_why_and_whether_a_person_must_look() -> None:
    by_hand = Proposal(Rule("Y", "U", By.SUBJECT), confident=True, learned="X", support=9, purity=1.0, lower=0.9)
    book = RuleBook([proposal("X", "T"), proposal("Z", "T", "a", confident=False), by_hand])
    assert keys(book, "T", "b") == ["seen.type"]
    assert keys(book, "T", "a") == ["seen.area", "unsure"]
    assert keys(book, "T", "") == ["seen.type", "unplaced", "unsure"]
    assert not book.answer("T", "").confident
    assert keys(book, "U", "a") == ["hand.type"]
    assert keys(book, "?", "a") == ["none"]
    assert keys(book, "", "a") == ["untyped", "none"]


def test_rows_that_speak_of_the_same_are_found() -> None:
    rows = [(2, proposal("X", "T")), (3, proposal("Y", "T", "a")), (4, proposal("Y", "T")), (5, proposal("Y", "T", rank=1))]
    assert list(clashes(rows)) == [(2, 4)]
