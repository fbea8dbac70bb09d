"""Accounts and what they are granted, for administrators. A change holds from the next request of whomever it is about."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.asker import Asker, doing
from api.instants import AwareInstant
from api.routes.tokens import Labelled
from api.routes.tokens import told as token_told
from gridmap.access import Action, Role
from gridmap.account import Account, AccountKind, GrantRow, plain_name
from gridmap.flows import accounts as flow
from gridmap.flows import grants, tokens

router = APIRouter(prefix="/api", tags=["accounts"])

Reading = Annotated[Asker, doing(Action.ACCOUNT_READ)]
Changing = Annotated[Asker, doing(Action.ACCOUNT_CHANGE)]
Granting = Annotated[Asker, doing(Action.GRANT_CHANGE)]
STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)
LONGEST = 200


class NewAccount(BaseModel):
    """A name to sign in with, and nothing else about the person."""

    model_config = STRICT
    name: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    kind: AccountKind = AccountKind.PERSON
    worker: Annotated[str | None, Field(description="The worker whose posts give the account its roles.", max_length=LONGEST)] = None


class Linked(BaseModel):
    """Whom a sign-in service vouches for."""

    model_config = STRICT
    issuer: Annotated[str, Field(min_length=1, max_length=1000)]
    subject: Annotated[str, Field(min_length=1, max_length=255)]


class Proposed(BaseModel):
    """A role within an area and all below it; without an area, in the whole county. A handler's names the office instead."""

    model_config = STRICT
    account: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    role: Role
    area: Annotated[str | None, Field(max_length=LONGEST)] = None
    office: Annotated[str | None, Field(max_length=LONGEST)] = None
    since: AwareInstant | None = None
    until: AwareInstant | None = None
    reason: Annotated[str, Field(max_length=500, description="Kept in the history.")] = ""


@router.get("/accounts", response_class=JSONResponse)
def list_accounts(asked: Reading) -> JSONResponse:
    """Every account with its grants, its posts, and the tokens that hold."""
    found = flow.list_accounts(asked.store, actor=asked.actor, now=asked.now)
    return JSONResponse({"accounts": [_listed(each) for each in found]})


@router.post("/accounts", status_code=201, response_class=JSONResponse)
def add_account(request: Request, asked: Changing, new: NewAccount) -> JSONResponse:
    """A new account without password and grants: invite the person, or make a key for the system."""
    made = flow.add_account(asked.store, new.name, kind=new.kind, worker=new.worker, actor=asked.actor, now=asked.now)
    request.app.state.live.wake()
    return JSONResponse(_account(made), status_code=201)


@router.post("/accounts/{name}/invite", status_code=201, response_class=JSONResponse)
def invite_account(asked: Changing, name: str) -> JSONResponse:
    """An invitation to choose a password, told this once: hand its path on."""
    raw = flow.invite(asked.store, name, actor=asked.actor, now=asked.now)
    return JSONResponse({"invitation": raw, "path": f"/invitation/{raw}"}, status_code=201)


@router.post("/accounts/{name}/link", status_code=204)
def link_account(asked: Changing, name: str, linked: Linked) -> Response:
    """Let whom a sign-in service vouches for sign in as this account."""
    expected = asked.settings.issuer
    flow.link_account(asked.store, name, linked.issuer, linked.subject, expected=expected, actor=asked.actor, now=asked.now)
    return Response(status_code=204)


@router.post("/accounts/{name}/disable", status_code=204)
def disable_account(request: Request, asked: Changing, name: str) -> Response:
    """From the next request on the account can do nothing; its sessions, phones and keys end."""
    flow.disable_account(asked.store, name, actor=asked.actor, now=asked.now)
    return _woken(request)


@router.post("/accounts/{name}/enable", status_code=204)
def enable_account(request: Request, asked: Changing, name: str) -> Response:
    """The account can sign in again."""
    flow.enable_account(asked.store, name, actor=asked.actor, now=asked.now)
    return _woken(request)


@router.post("/accounts/{name}/keys", status_code=201, response_class=JSONResponse)
def add_key(asked: Changing, name: str, labelled: Labelled) -> JSONResponse:
    """A key for a system, told this once: `Authorization: Bearer KEY`."""
    raw = tokens.add_key(asked.store, name, labelled.label, actor=asked.actor, now=asked.now)
    return JSONResponse({"token": raw}, status_code=201)


@router.delete("/accounts/{name}/tokens", status_code=204)
def end_account_tokens(request: Request, asked: Changing, name: str) -> Response:
    """End every session, phone, key and invitation of the account."""
    tokens.end_all(asked.store, name, actor=asked.actor, now=asked.now)
    return _woken(request)


@router.delete("/accounts/{name}/tokens/{token}", status_code=204)
def end_account_token(request: Request, asked: Changing, name: str, token: str) -> Response:
    """End one of the account's sessions, phones or keys."""
    held = (each.tokens for each in flow.list_accounts(asked.store, actor=asked.actor) if each.account.name == plain_name(name))
    if token not in {each.id for of_account in held for each in of_account}:
        raise tokens.TokenMissing(token=token)
    tokens.end_token(asked.store, token, actor=asked.actor, now=asked.now)
    return _woken(request)


@router.post("/grants", status_code=201, response_class=JSONResponse)
def propose_grant(request: Request, asked: Granting, proposed: Proposed) -> JSONResponse:
    """Grant a role. It holds at once; an administrator's waits until another administrator confirms it."""
    made = grants.propose_grant(
        asked.store,
        proposed.account,
        proposed.role,
        area=proposed.area,
        office=proposed.office,
        since=proposed.since,
        until=proposed.until,
        reason=proposed.reason,
        actor=asked.actor,
        now=asked.now,
    )
    request.app.state.live.wake()
    return JSONResponse(_grant(made), status_code=201)


@router.post("/grants/{grant}/confirm", response_class=JSONResponse)
def confirm_grant(request: Request, asked: Granting, grant: str) -> JSONResponse:
    """Confirm an administrator's grant that somebody else proposed."""
    confirmed = grants.confirm_grant(asked.store, grant, actor=asked.actor, now=asked.now)
    request.app.state.live.wake()
    return JSONResponse(_grant(confirmed))


@router.delete("/grants/{grant}", response_class=JSONResponse)
def end_grant(request: Request, asked: Granting, grant: str) -> JSONResponse:
    """Take a grant back: it gives nothing from the next request on."""
    ended = grants.end_grant(asked.store, grant, actor=asked.actor, now=asked.now)
    request.app.state.live.wake()
    return JSONResponse(_grant(ended))


def _woken(request: Request) -> Response:
    """Nothing to tell; pages that are open are asked about at once."""
    request.app.state.live.wake()
    return Response(status_code=204)


def _listed(listed: flow.Listed) -> dict[str, Any]:
    return {
        **_account(listed.account),
        "grants": [_grant(each) for each in listed.grants],
        "posts": [{"area": each.area, "duty": each.duty, "since": each.since.isoformat()} for each in listed.posts],
        "tokens": [token_told(each) for each in listed.tokens],
    }


def _account(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "kind": account.kind,
        "worker": account.worker,
        "linked": account.issuer,
        "made_at": account.made_at.isoformat(),
        "disabled_at": account.disabled_at.isoformat() if account.disabled_at else None,
    }


def _grant(grant: GrantRow) -> dict[str, Any]:
    """`confirmed_by` is empty where nobody needs to confirm it, or where an administrator's still waits."""
    return {
        "id": grant.id,
        "role": grant.role,
        "area": grant.area,
        "office": grant.office,
        "since": grant.since.isoformat(),
        "until": grant.until.isoformat() if grant.until else None,
        "proposed_by": grant.proposed_by,
        "confirmed_by": grant.confirmed_by,
        "waits": grant.role is Role.ADMINISTRATOR and grant.confirmed_by is None,
        "reason": grant.reason,
    }
