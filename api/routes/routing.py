"""Where would it go: routing asked without sending anything; and how much falls to the backstop."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asker import Asker, doing
from api.instants import Instant
from gridmap.access import Action
from gridmap.catalogue import By, Rule
from gridmap.flows.backstop_share import backstop_share
from gridmap.flows.dry_route import Question, dry_route
from gridmap.grid import Level

router = APIRouter(prefix="/api/route", tags=["routing"])

MOST = 5_000
Code = Annotated[str, Field(max_length=50)]


class RuleRow(BaseModel):
    """A row of the register of rules; an office `*` is the centre of the area at the level, an issue a code, a group or `*`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    office: Annotated[str, Field(min_length=1, max_length=50)]
    issue: Annotated[str, Field(min_length=1, max_length=50)]
    by: By
    level: Level | None = None
    area: Code = ""
    rank: Annotated[int, Field(ge=0, le=999_999)] = 100

    def rule(self) -> Rule:
        return Rule(self.office, self.issue, self.by, self.level and str(self.level), self.area or None, self.rank)


class DryRun(BaseModel):
    """A type and one place: a point with its datum, or the code of an area. With `rules` those are asked, and no others."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"issue": "E0113", "lon": 104.9042, "lat": 38.3017, "datum": "gcj02"},
                {
                    "issue": "E0113",
                    "area": "620602101201",
                    "rules": [{"office": "*", "issue": "E01", "by": "territory", "level": "village"}],
                },
            ]
        },
        str_strip_whitespace=True,
    )
    issue: Annotated[str, Field(max_length=50, description="The code of an issue type.")]
    lon: Annotated[float | None, Field(allow_inf_nan=False)] = None
    lat: Annotated[float | None, Field(allow_inf_nan=False)] = None
    datum: Annotated[str, Field(max_length=20, description="wgs84, cgcs2000, gcj02 (Amap, Tencent) or bd09 (Baidu).")] = ""
    accuracy_m: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    area: Annotated[str, Field(max_length=50, description="A township, village or cell of the edition in force.")] = ""
    rules: Annotated[list[RuleRow] | None, Field(max_length=MOST, description="The rules in force where none are given.")] = None


@router.post("/dry-run")
def route_dry(asked: Annotated[Asker, doing(Action.REGISTER_READ)], run: DryRun) -> dict[str, Any]:
    """Where a report would go, who is on duty, which office must act, and every rung that was tried, in words. Nothing is kept."""
    question = Question(**run.model_dump(exclude={"rules"}))
    rules = None if run.rules is None else [row.rule() for row in run.rules]
    return dry_route(asked.store, question, rules=rules, now=asked.now, actor=asked.actor).as_dict(asked.lang)


@router.get("/backstop")
def list_backstop(
    asked: Annotated[Asker, doing(Action.INCIDENT_READ)],
    since: Annotated[
        Instant | None, Query(description="Four weeks ago, where none is named; without a zone it is the county's time.")
    ] = None,
) -> dict[str, Any]:
    """By week and township, what share fell to the centre of the territory because nobody else is named, and where that share jumped."""
    start = since and (since if since.tzinfo else since.replace(tzinfo=asked.settings.timezone))
    return backstop_share(asked.store, since=start, now=asked.now, actor=asked.actor).as_dict(asked.lang)
