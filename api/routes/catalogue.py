"""What reports can be about."""

from typing import Annotated, Any

from fastapi import APIRouter

from api.asker import Asker, doing
from gridmap.access import Action
from gridmap.store import catalogues

router = APIRouter(prefix="/api", tags=["reports"])


@router.get("/issue-types")
def list_issue_types(asked: Annotated[Asker, doing(Action.CATALOGUE_READ)]) -> dict[str, Any]:
    """The catalogue of issue types, by group, with names in the asker's language."""
    with asked.store.read(asked.scope) as tx:
        found = catalogues.issue_types(tx)
    english = asked.lang == "en"
    return {
        "issue_types": [
            {
                "code": issue.code,
                "name": issue.name_in(asked.lang),
                "group": issue.group_en if english and issue.group_en else issue.group,
                "kind": issue.kind,
                "limit": str(issue.limit),
                "urgency": issue.limit.urgency,
                "grade": issue.grade,
            }
            for issue in found
        ]
    }
