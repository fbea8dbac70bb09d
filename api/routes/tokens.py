"""What stands for an account instead of its password: one's own sessions and devices, and how each is ended."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.asker import Asker, check_fresh, doing
from gridmap.access import Action
from gridmap.account import Token
from gridmap.flows import tokens as flow

router = APIRouter(prefix="/api/tokens", tags=["session"])


class Labelled(BaseModel):
    """A word by which the device or the system is found again in the list."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    label: Annotated[str, Field(min_length=1, max_length=flow.LABEL)]


@router.get("", response_class=JSONResponse)
def list_tokens(asked: Annotated[Asker, doing(Action.SELF_READ)]) -> JSONResponse:
    """My sessions, browsers and phones, the one used last first; `this` is the one that asks."""
    found = flow.own_tokens(asked.store, actor=asked.actor)
    mine = asked.token.id if asked.token else None
    return JSONResponse({"tokens": [{**told(each), "this": each.id == mine} for each in found if each.holds_at(asked.now)]})


@router.post("", status_code=201, response_class=JSONResponse)
def add_phone(asked: Annotated[Asker, doing(Action.SELF_CHANGE)], labelled: Labelled) -> JSONResponse:
    """A token for a phone of mine, told this once: `Authorization: Bearer TOKEN`. Only who has just signed in gets one."""
    check_fresh(asked)
    raw = flow.add_phone(asked.store, labelled.label, actor=asked.actor, now=asked.now)
    return JSONResponse({"token": raw}, status_code=201)


@router.delete("/{token}", status_code=204)
def end_token(request: Request, asked: Annotated[Asker, doing(Action.SELF_CHANGE)], token: str) -> Response:
    """End one of my sessions or phones: its next request is refused."""
    flow.end_own(asked.store, token, actor=asked.actor, now=asked.now)
    request.app.state.live.wake()
    return Response(status_code=204)


def told(token: Token) -> dict[str, Any]:
    """A token as it is listed: never the token itself."""
    return {
        "id": token.id,
        "kind": token.kind,
        "label": token.label,
        "made_at": token.made_at.isoformat(),
        "seen_at": token.seen_at.isoformat(),
        "until": token.until.isoformat(),
    }
