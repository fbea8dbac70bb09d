"""The default catalogue: complete in both languages, about places and things, and every row leads somewhere."""

import re

from gridmap import catalogue_default
from gridmap.catalogue import By, Grade, Kind, Urgency
from gridmap.duty import OfficeKind

TYPES = catalogue_default.issue_types()
RULES = catalogue_default.rules()


def test_there_is_a_type_for_most_matters_of_all_four_kinds() -> None:
    assert 90 <= len(TYPES) <= 130
    assert {issue.kind for issue in TYPES} == set(Kind)
    assert {issue.grade for issue in TYPES} == set(Grade)
    assert {issue.limit.urgency for issue in TYPES} == set(Urgency)


def test_codes_are_our_own_scheme_and_names_are_told_apart() -> None:
    letters = {Kind.COMPONENT: "C", Kind.EVENT: "E", Kind.DISPUTE: "D", Kind.SERVICE: "S"}
    for names in ([issue.code for issue in TYPES], [issue.name for issue in TYPES], [issue.name_en for issue in TYPES]):
        assert len(set(names)) == len(TYPES)
    assert all(re.fullmatch(rf"GM-{letters[issue.kind]}\d{{4}}", issue.code) for issue in TYPES)
    assert all(issue.name_en.isascii() and issue.group_en.isascii() and not issue.name.isascii() for issue in TYPES)


def test_a_group_is_of_one_kind_and_one_english_name() -> None:
    groups = {issue.group: (issue.group_en, issue.kind, issue.code[:6]) for issue in TYPES}
    assert all(groups[issue.group] == (issue.group_en, issue.kind, issue.code[:6]) for issue in TYPES)


def test_no_type_is_about_persons() -> None:
    persons = re.compile(
        r"流浪|乞讨|精神|吸毒|刑满|上访|信访|流动人口|特殊人群|帮教|vagrant|beggar|petition|drug|offender|migrant|mental", re.IGNORECASE
    )
    assert [issue.name for issue in TYPES if persons.search(issue.name + issue.name_en + issue.group)] == []


def test_a_road_is_damaged_for_days_and_collapsed_for_hours() -> None:
    limits = {issue.name_en: (str(issue.limit), issue.subject_first) for issue in TYPES}
    assert limits["Damaged road"] == ("5 WD", True)
    assert limits["Road collapse"] == ("2 UH", True)


def test_there_are_31_departments_and_the_owners_of_components() -> None:
    offices = catalogue_default.offices()
    assert sum(office.kind == OfficeKind.DEPARTMENT for office in offices) == 31
    assert all(office.kind == OfficeKind.OWNER for office in offices if office.code.startswith("owner-"))
    assert len({office.code for office in offices}) == len({office.name for office in offices}) == len(offices)


def test_every_rule_names_a_type_and_an_office_that_there_are() -> None:
    known = {issue.code for issue in TYPES} | {issue.group for issue in TYPES}
    codes = {office.code for office in catalogue_default.offices()} | {"*"}
    assert {rule.issue for rule in RULES} <= known
    assert {rule.office for rule in RULES} == codes
    assert len(set(RULES)) == len(RULES)


def test_rules_stand_on_the_ground_that_their_kind_is_asked_on() -> None:
    """A component by its owner, an event by territory or subject; only a centre acts by territory, and at a level."""
    kinds = {issue.code: issue.kind for issue in TYPES} | {issue.group: issue.kind for issue in TYPES}
    for rule in RULES:
        assert (rule.by == By.OWNER) == (kinds[rule.issue] == Kind.COMPONENT)
        assert (rule.by == By.TERRITORY) == (rule.office == "*") == (rule.level is not None)


def test_a_type_that_is_subject_first_has_a_subject_of_its_own() -> None:
    named = {rule.issue for rule in RULES if rule.by == By.SUBJECT}
    assert [issue.code for issue in TYPES if issue.subject_first and issue.code not in named] == []
