"""Accounts as those see them who give grants and take them back, and those who only look."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from api.asker import Asker, doing
from api.errors import status_of
from api.forms import day, posted
from api.page import USERS, PageRoute, go, page
from api.places import Places
from gridmap.access import GRANTABLE, Action, Forbidden, Role, allowed, hands, may
from gridmap.account import AccountKind, GrantRow, TokenKind
from gridmap.errors import AreaMissing, InstantUnreadable, NoEditionInForce, Refusal
from gridmap.flows import accounts as flow
from gridmap.flows import grants as grant_flow
from gridmap.flows import tokens as token_flow
from gridmap.flows.accounts import IssuerForeign, IssuerUnusable, Listed, SubjectTaken
from gridmap.flows.act import BY_DUTY, AccountMissing
from gridmap.flows.grants import (
    GrantAreaUseless,
    GrantCountyOnly,
    GrantNeedsOffice,
    GrantOfficeUseless,
    GrantTermUnusable,
    OfficeMissing,
)
from gridmap.words import say

MOST = 100
STATES = ("active", "disabled", "without")
DONE = frozenset({"grant", "waits", "grant_ended", "confirmed", "disabled", "enabled", "ended", "all_ended", "linked", "linked_unset"})
FIELDS: dict[str, tuple[type[Refusal], ...]] = {
    "area": (AreaMissing, NoEditionInForce, GrantCountyOnly, GrantAreaUseless),
    "office": (OfficeMissing, GrantNeedsOffice, GrantOfficeUseless),
    "until": (GrantTermUnusable,),
    "issuer": (IssuerUnusable, IssuerForeign),
    "subject": (SubjectTaken,),
}
"""What a refusal is about, in the forms of an account that ask for several things."""

router = APIRouter(prefix=USERS, include_in_schema=False, route_class=PageRoute)

Form = Annotated[dict[str, str], Depends(posted)]
Word = Annotated[str, Query(max_length=100)]
Change = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Standing:
    """An account and its grants as they are at one moment: those that wait for a second administrator, that hold or will, that ended."""

    listed: Listed
    waiting: tuple[GrantRow, ...]
    held: tuple[GrantRow, ...]
    past: tuple[GrantRow, ...]
    roles: tuple[Role, ...]

    @property
    def state(self) -> str:
        if self.listed.account.disabled_at:
            return "disabled"
        return "active" if self.roles else "without"


@router.get("")
def list_users(
    *,
    request: Request,
    asked: Annotated[Asker, doing(Action.ACCOUNT_READ)],
    q: Word = "",
    role: Word = "",
    area: Word = "",
    state: Word = "",
    at: Annotated[int, Query(ge=1, le=10_000, alias="page")] = 1,
) -> Response:
    """Every account that fits, by name; above them the administrators' grants that wait for a second person."""
    return _users(request, asked, {"q": q.strip(), "role": role, "area": area.strip(), "state": state}, at)


@router.post("")
def add_user(request: Request, asked: Annotated[Asker, doing(Action.ACCOUNT_CHANGE)], form: Form) -> Response:
    """A person's account with an invitation that is shown this once, or a system's, which gets its keys on its own page."""
    kind = AccountKind.SYSTEM if form.get("kind") == AccountKind.SYSTEM else AccountKind.PERSON
    with asked.store.read(asked.scope) as tx:
        places = Places.read(asked.store, tx, asked.lang, asked.now)
    try:
        worker = places.worker_of(form.get("worker", ""))
        made = flow.add_account(asked.store, form.get("name", ""), kind=kind, worker=worker, actor=asked.actor, now=asked.now)
    except Forbidden:
        raise
    except Refusal as refusal:
        return _users(request, asked, {}, told=refusal.text(asked.lang), kept=form, status=status_of(refusal))
    if kind is AccountKind.SYSTEM:
        return go(f"{USERS}/{quote(made.name)}")
    return _invite(request, asked, made.name)


@router.get("/{name}")
def show_user(request: Request, asked: Annotated[Asker, doing(Action.ACCOUNT_READ)], name: str, done: Word = "") -> Response:
    """One account: grants, posts, sessions, and what can be changed."""
    return _user(request, asked, name, done=done if done in DONE else "")


@router.post("/{name}/invitation")
def invite(request: Request, asked: Annotated[Asker, doing(Action.ACCOUNT_CHANGE)], name: str) -> Response:
    """A link by which the person chooses a password; shown this once."""
    return _invite(request, asked, name)


@router.post("/{name}/keys")
def add_key(request: Request, asked: Annotated[Asker, doing(Action.ACCOUNT_CHANGE)], name: str, form: Form) -> Response:
    """A key for a system; shown this once."""
    label = form.get("label", "")
    if not label:
        return _user(request, asked, name, told={"key": say("page.phone.needs_label", asked.lang)}, status=422)
    try:
        raw = token_flow.add_key(asked.store, name, label, actor=asked.actor, now=asked.now)
    except Forbidden:
        raise
    except Refusal as refusal:
        return _user(request, asked, name, told={"key": refusal.text(asked.lang)}, status=status_of(refusal))
    return _user(request, asked, name, shown={"kind": "key", "text": raw})


@router.post("/{name}/grants")
def propose_grant(request: Request, asked: Annotated[Asker, doing(Action.GRANT_CHANGE)], name: str, form: Form) -> Response:
    """A role within an area, or for an office, from a day to another."""
    if not form.get("role"):
        told = {"grant": say("page.grant.needs_role", asked.lang), "role": "told-grant"}
        return _user(request, asked, name, told=told, kept=form, status=422)
    with asked.store.read(asked.scope) as tx:
        places = Places.read(asked.store, tx, asked.lang, asked.now)

    zone = asked.settings.timezone

    def propose() -> GrantRow:
        since, last = day(form.get("since", ""), zone), day(form.get("until", ""), zone)
        return grant_flow.propose_grant(
            asked.store,
            name,
            next((role for role in GRANTABLE if role == form.get("role")), Role.RESIDENT),
            area=places.area_of(form.get("area", "")),
            office=places.office_of(form.get("office", "")),
            since=since,
            until=last and last + timedelta(days=1),
            reason=form.get("reason", ""),
            actor=asked.actor,
            now=asked.now,
        )

    waits = form.get("role") == Role.ADMINISTRATOR
    return _changed(request, asked, name, propose, done="waits" if waits else "grant", form="grant", kept=form)


@router.post("/{name}/grants/{grant}/confirm")
def confirm_grant(request: Request, asked: Annotated[Asker, doing(Action.GRANT_CHANGE)], name: str, grant: str) -> Response:
    """The second administrator's word."""
    confirm = lambda: grant_flow.confirm_grant(asked.store, grant, actor=asked.actor, now=asked.now)  # noqa: E731
    return _changed(request, asked, name, confirm, done="confirmed", form="grants")


@router.post("/{name}/grants/{grant}/end")
def end_grant(request: Request, asked: Annotated[Asker, doing(Action.GRANT_CHANGE)], name: str, grant: str) -> Response:
    """Taken back, from the next request on."""
    end = lambda: grant_flow.end_grant(asked.store, grant, actor=asked.actor, now=asked.now)  # noqa: E731
    return _changed(request, asked, name, end, done="grant_ended", form="grants")


@router.post("/{name}/disable")
def disable(request: Request, asked: Annotated[Asker, doing(Action.ACCOUNT_CHANGE)], name: str) -> Response:
    """Nothing by this account any more."""
    change = lambda: flow.disable_account(asked.store, name, actor=asked.actor, now=asked.now)  # noqa: E731
    return _changed(request, asked, name, change, done="disabled", form="state")


@router.post("/{name}/enable")
def enable(request: Request, asked: Annotated[Asker, doing(Action.ACCOUNT_CHANGE)], name: str) -> Response:
    """It can sign in again."""
    change = lambda: flow.enable_account(asked.store, name, actor=asked.actor, now=asked.now)  # noqa: E731
    return _changed(request, asked, name, change, done="enabled", form="state")


@router.post("/{name}/link")
def link(request: Request, asked: Annotated[Asker, doing(Action.ACCOUNT_CHANGE)], name: str, form: Form) -> Response:
    """Who this is at the county's own sign-in."""

    issuer, subject, expected = form.get("issuer", ""), form.get("subject", ""), asked.settings.issuer

    def change() -> None:
        flow.link_account(asked.store, name, issuer, subject, expected=expected, actor=asked.actor, now=asked.now)

    return _changed(request, asked, name, change, done="linked" if expected else "linked_unset", form="link", kept=form)


@router.post("/{name}/tokens/end")
def end_tokens(request: Request, asked: Annotated[Asker, doing(Action.ACCOUNT_CHANGE)], name: str) -> Response:
    """Every session, device and key of the account ends."""
    change = lambda: token_flow.end_all(asked.store, name, actor=asked.actor, now=asked.now)  # noqa: E731
    return _changed(request, asked, name, change, done="all_ended", form="tokens")


@router.post("/{name}/tokens/{token}/end")
def end_token(request: Request, asked: Annotated[Asker, doing(Action.ACCOUNT_CHANGE)], name: str, token: str) -> Response:
    """One session, device or key of the account ends."""
    change = lambda: token_flow.end_token(asked.store, token, actor=asked.actor, now=asked.now)  # noqa: E731
    return _changed(request, asked, name, change, done="ended", form="tokens")


def _changed(
    request: Request, asked: Asker, name: str, change: Change, *, done: str, form: str, kept: dict[str, str] | None = None
) -> Response:
    """Do it and show the account anew; a refusal is said beside the form that it is about, which keeps what was filled in."""
    try:
        change()
    except (Forbidden, AccountMissing):
        raise
    except Refusal as refusal:
        told = {form: refusal.text(asked.lang)}
        if kept is not None:
            told[_field(refusal, form, kept)] = f"told-{form}"
        return _user(request, asked, name, told=told, kept=kept or {}, status=status_of(refusal))
    request.app.state.live.wake()
    return go(f"{USERS}/{quote(name)}", done=done)


def _field(refusal: Refusal, form: str, kept: dict[str, str]) -> str:
    """The field of the form that the refusal is about; the first one, if it is about none."""
    if isinstance(refusal, InstantUnreadable):  # the days are read in their order
        return "since" if refusal.facts["text"] == kept.get("since") else "until"
    return next((field for field, kinds in FIELDS.items() if isinstance(refusal, kinds)), "issuer" if form == "link" else "role")


def _invite(request: Request, asked: Asker, name: str) -> Response:
    try:
        raw = flow.invite(asked.store, name, actor=asked.actor, now=asked.now)
    except (Forbidden, AccountMissing):
        raise
    except Refusal as refusal:
        return _user(request, asked, name, told={"invitation": refusal.text(asked.lang)}, status=status_of(refusal))
    base = asked.settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
    return _user(request, asked, name, shown={"kind": "invitation", "text": f"{base}/invitation/{raw}"})


def _standings(asked: Asker) -> list[Standing]:
    return [_standing(listed, asked.now) for listed in flow.list_accounts(asked.store, actor=asked.actor)]


def _standing(listed: Listed, now: datetime) -> Standing:
    past = tuple(grant for grant in listed.grants if grant.until is not None and grant.until <= now)
    rest = [grant for grant in listed.grants if grant not in past]
    waiting = tuple(grant for grant in rest if grant.role is Role.ADMINISTRATOR and not grant.confirmed_by)
    held = tuple(grant for grant in rest if grant not in waiting)
    by_post = [BY_DUTY[post.duty] for post in listed.posts if post.duty in BY_DUTY and post.held_at(now)]
    return Standing(listed, waiting, held, past, tuple(sorted({*by_post, *(grant.role for grant in held)}, key=list(Role).index)))


def _users(
    request: Request,
    asked: Asker,
    sift: dict[str, str],
    at: int = 1,
    *,
    told: str = "",
    kept: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    standings = _standings(asked)
    with asked.store.read(allowed(asked.actor, Action.ACCOUNT_READ)) as tx:
        places = Places.read(asked.store, tx, asked.lang, asked.now)
    found = [each for each in standings if _fits(each, sift, places)]
    names = {each.listed.account.id: each.listed.account.name for each in standings}
    waiting = [(grant, names[grant.account], why_not(grant, asked)) for each in standings for grant in each.waiting]
    last = max(1, -(-len(found) // MOST))
    context = {
        "found": found[(min(at, last) - 1) * MOST : min(at, last) * MOST],
        "many": len(found),
        "at": min(at, last),
        "last": last,
        "waiting": waiting,
        "places": places,
        "sift": sift,
        "roles": [role for role in Role if role not in {Role.RESIDENT, Role.OPERATOR}],
        "states": STATES,
        "told": told,
        "kept": kept or {},
        "seen": {each.listed.account.id: _seen(each.listed) for each in found},
    }
    return page(request, "users.html", asked, context, status=status, here="" if request.method == "GET" else USERS)


def _seen(listed: Listed) -> datetime | None:
    """When somebody last came with what this account signs in with; an invitation that waits was shown by nobody."""
    return max((token.seen_at for token in listed.tokens if token.kind is not TokenKind.INVITATION), default=None)


def _fits(one: Standing, sift: dict[str, str], places: Places) -> bool:
    account = one.listed.account
    text = f"{account.name} {account.worker or ''} {places.worker(account.worker) if account.worker else ''}".casefold()
    if not all(word in text for word in sift.get("q", "").casefold().split()):
        return False
    if sift.get("role") and sift["role"] not in one.roles:
        return False
    if sift.get("state") and sift["state"] != one.state:
        return False
    return not sift.get("area") or _stands_in(one, sift["area"], places)


def _stands_in(one: Standing, area: str, places: Places) -> bool:
    """Whether a grant or a post is for the area or lies in it; of an area that nobody knows there is none."""
    try:
        code = places.area_of(area)
    except Refusal:
        return False
    held = [*(grant.area for grant in one.held), *(post.area for post in one.listed.posts)]
    return any(where is not None and places.lies_in(where, code or "") for where in held)


def why_not(grant: GrantRow, asked: Asker) -> str:
    """Why the reader cannot confirm this administrator's grant: "" if they can, else the end of a key."""
    if not may(asked.actor, Action.GRANT_CHANGE):
        return "rights"
    if asked.actor.account is None:
        return "operator"
    if grant.account == asked.actor.account:
        return "own"
    return "proposed" if hands(asked.actor.name) & hands(grant.proposed_by) else ""


def _user(request: Request, asked: Asker, name: str, *, status: int = 200, **more: Any) -> Response:
    one = next((each for each in _standings(asked) if each.listed.account.name == name), None)
    if one is None:
        raise AccountMissing(account=name)
    with asked.store.read(allowed(asked.actor, Action.ACCOUNT_READ)) as tx:
        places = Places.read(asked.store, tx, asked.lang, asked.now)
    tokens = [token for token in one.listed.tokens if token.holds_at(asked.now)]
    context = {
        "one": one,
        "account": one.listed.account,
        "places": places,
        "tokens": [token for token in tokens if token.kind not in {TokenKind.BROWSER, TokenKind.INVITATION}],
        "invited": next((token for token in tokens if token.kind is TokenKind.INVITATION), None),
        "reasons": {grant.id: why_not(grant, asked) for grant in one.waiting},
        "grantable": GRANTABLE,
        "base": f"{USERS}/{quote(name)}",
        "by_duty": BY_DUTY,
        "issuer": asked.settings.issuer,
        "told": {},
        "kept": {},
        **more,
    }
    return page(request, "user.html", asked, context, status=status, here=f"{USERS}/{name}")
