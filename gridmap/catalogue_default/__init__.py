"""The catalogue that a county starts from: issue types, the offices that are usually competent, and the rows that route between them.

Written for this project, in both languages, about places and things only; there is no type about persons. The groups follow the
families that the field knows (部件 and 事件 as in GB/T 30428, disputes and services beside them), but codes and limits are our own: the
scheme prefix GM- says so, and no conformance is claimed. A county changes rows with `gridmap import issue-types|offices|rules`; the
files here have the same columns.
"""

import csv
from functools import cache
from importlib.resources import files

from gridmap.catalogue import By, Grade, IssueType, Kind, Limit, Rule
from gridmap.duty import Office, OfficeKind


@cache
def issue_types() -> tuple[IssueType, ...]:
    """The default issue types, in the order of the file: components, events, disputes, services."""
    return tuple(
        IssueType(
            code=row["code"], group=row["group"], kind=Kind(row["kind"]), name=row["name"], limit=Limit.parse(row["limit"]),
            name_en=row["name_en"], group_en=row["group_en"], grade=Grade(row["grade"]), subject_first=row["subject_first"] == "yes",
        )
        for row in _rows("issue-types.csv")
    )  # fmt: skip


@cache
def offices() -> tuple[Office, ...]:
    """31 departments and the owners of components, without areas and phones. Service centres belong to a county's own areas."""
    return tuple(Office(row["code"], row["name"], OfficeKind(row["kind"]), name_en=row["name_en"]) for row in _rows("offices.csv"))


@cache
def rules() -> tuple[Rule, ...]:
    """Which of these offices is competent for which issue type or group; "*" is the service centre of the level."""
    return tuple(
        Rule(row["office"], row["issue"], By(row["by"]), row["level"] or None, row["area"] or None, int(row["rank"]))
        for row in _rows("rules.csv")
    )


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(files(__package__).joinpath(name).read_text("utf-8").splitlines()))
