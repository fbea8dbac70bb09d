"""`gridmap users …`: accounts, what they are granted, and their sessions, devices and keys."""

import sys
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.access import Role
from gridmap.account import LASTS, AccountKind, GrantRow, Token, TokenKind
from gridmap.cli.audit import anchor_now
from gridmap.cli.door import ActorName, JsonFlag, acting, local, now, read_instant, settings, tell, users_app, words

if TYPE_CHECKING:
    from gridmap.flows.accounts import Listed
    from gridmap.store import Store


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.users_{about}"), **more)


Name = Annotated[str, typer.Argument(metavar="NAME", help=words("cli.users_name"))]
GrantId = Annotated[str, typer.Argument(metavar="GRANT", help=words("cli.users_grant_id"))]
AreaCode = Annotated[str | None, _option("--area", about="area", metavar="CODE")]
OfficeCode = Annotated[str | None, _option("--office", about="office", metavar="CODE")]
Until = Annotated[str | None, _option("--until", about="until", metavar="INSTANT")]
Reason = Annotated[str, _option("--reason", about="reason", metavar="TEXT")]


def _open() -> "Store":
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    return Store.open(settings().database_url)


@users_app.command("add", help=words("cli.users_add"), no_args_is_help=True)
def add(
    name: Name,
    *,
    role: Annotated[Role | None, _option("--role", about="role", metavar="ROLE")] = None,
    area: AreaCode = None,
    office: OfficeCode = None,
    until: Until = None,
    reason: Reason = "",
    worker: Annotated[str | None, _option("--worker", about="worker", metavar="ID")] = None,
    system: Annotated[bool, _option("--system", about="system")] = False,
    password_stdin: Annotated[bool, _option("--password-stdin", about="password_stdin")] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import accounts as flow  # noqa: PLC0415
    from gridmap.flows.act import open_to_all  # noqa: PLC0415
    from gridmap.flows.grants import add_with_grant  # noqa: PLC0415

    kind = AccountKind.SYSTEM if system else AccountKind.PERSON
    password = _password(name) if password_stdin and not system else None
    with _open() as store:
        first, who, at = open_to_all(store), acting(store, actor), now()
        grant = None
        if role or area or office or until:
            term = read_instant(until) if until else None
            account, grant = add_with_grant(
                store, name, role or _role_needed(), kind=kind, worker=worker, area=area, office=office, until=term, reason=reason,
                actor=who, now=at
            )  # fmt: skip
        else:
            account = flow.add_account(store, name, kind=kind, worker=worker, actor=who, now=at)
        invitation = "" if system else flow.invite(store, account.name, actor=who, now=at)
        if password:
            invitation = _choose(store, invitation, password)
        anchor_now(store)
    lines = [words("cli.users_added", name=account.name), *([_grant_line(grant)] if grant else [])]
    lines += _next(account.name, invitation, at, system=system)
    lines += [words("cli.users_first")] if first else []
    lines += [words("cli.users_first_not_administrator")] if first and role is not Role.ADMINISTRATOR else []
    facts = {"name": account.name, "kind": str(kind), "worker": worker, "grant": _grant_json(grant) if grant else None, "first": first}
    tell(facts | _invitation_json(invitation, at), "\n".join(lines), json=json)


def _role_needed() -> Role:
    raise typer.BadParameter(words("cli.users_role_needed"))


def _password(name: str) -> str:
    """The password from standard input; a terminal is asked twice. It is judged before anything is made."""
    from gridmap.passwords import check_password  # noqa: PLC0415

    if sys.stdin.isatty():
        asked: str = typer.prompt(
            words("cli.users_password"), hide_input=True, confirmation_prompt=words("cli.users_password_again"), err=True
        )
    else:
        asked = sys.stdin.readline().rstrip("\r\n")
    check_password(asked, name)
    return asked


def _choose(store: "Store", invitation: str, password: str) -> str:
    from gridmap.flows.sign_in import accept_invitation  # noqa: PLC0415

    accept_invitation(store, invitation, password, now=now())
    return ""


def _next(name: str, invitation: str, at: datetime, *, system: bool) -> list[str]:
    """How somebody gets in now."""
    if system:
        return [words("cli.users_key_next", name=name)]
    if not invitation:
        return [words("cli.users_password_kept")]
    told = [words("cli.users_invitation", where=_where(invitation), until=local(at + LASTS[TokenKind.INVITATION]))]
    return told if settings().public_url else [*told, words("cli.users_invitation_host")]


def _where(invitation: str) -> str:
    """The invitation's address, or its path where nobody said how others reach this service."""
    return f"{settings().public_url or ''}/invitation/{invitation}"


def _invitation_json(invitation: str, at: datetime) -> dict[str, Any]:
    if not invitation:
        return {"invitation": None, "invitation_until": None}
    return {"invitation": _where(invitation), "invitation_until": (at + LASTS[TokenKind.INVITATION]).isoformat()}


@users_app.command("list", help=words("cli.users_list"))
def list_(*, actor: ActorName = "", json: JsonFlag = False) -> None:
    found = _listed(actor)
    lines = [
        words("cli.users_list_line", name=each.account.name, state=_state(each), holds=_holds(each) or words("cli.users_nothing"))
        for each in found
    ]
    tell({"accounts": [_account_json(each) for each in found]}, "\n".join(lines) or words("cli.users_none"), json=json)


@users_app.command("show", help=words("cli.users_show"), no_args_is_help=True)
def show(name: Name, *, actor: ActorName = "", json: JsonFlag = False) -> None:
    found = _one(_listed(actor), name)
    held = [_grant_line(grant) for grant in found.grants if grant.until is None or now() < grant.until]
    lines = [words("cli.users_list_line", name=found.account.name, state=_state(found), holds=_holds(found) or words("cli.users_nothing"))]
    tell(_account_json(found), "\n".join([*lines, *held, *map(_token_line, found.tokens)]), json=json)


@users_app.command("invite", help=words("cli.users_invite"), no_args_is_help=True)
def invite(name: Name, *, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows import accounts as flow  # noqa: PLC0415

    at = now()
    with _open() as store:
        raw = flow.invite(store, name, actor=acting(store, actor), now=at)
    tell({"name": name, **_invitation_json(raw, at)}, "\n".join(_next(name, raw, at, system=False)), json=json)


@users_app.command("disable", help=words("cli.users_disable"), no_args_is_help=True)
def disable(name: Name, *, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows import accounts as flow  # noqa: PLC0415

    with _open() as store:
        flow.disable_account(store, name, actor=acting(store, actor), now=now())
    tell({"name": name, "disabled": True}, words("cli.users_disabled", name=name), json=json)


@users_app.command("enable", help=words("cli.users_enable"), no_args_is_help=True)
def enable(name: Name, *, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows import accounts as flow  # noqa: PLC0415

    with _open() as store:
        flow.enable_account(store, name, actor=acting(store, actor), now=now())
    tell({"name": name, "disabled": False}, words("cli.users_enabled", name=name), json=json)


@users_app.command("link", help=words("cli.users_link"), no_args_is_help=True)
def link(
    name: Name,
    *,
    issuer: Annotated[str, _option("--issuer", about="issuer", metavar="URL")],
    subject: Annotated[str, _option("--subject", about="subject", metavar="TEXT")],
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import accounts as flow  # noqa: PLC0415

    expected = settings().issuer
    with _open() as store:
        flow.link_account(store, name, issuer, subject, expected=expected, actor=acting(store, actor), now=now())
    text = words("cli.users_linked" if expected else "cli.users_linked_unset", name=name, issuer=issuer)
    tell({"name": name, "issuer": issuer, "subject": subject, "set_up": bool(expected)}, text, json=json)


@users_app.command("grant", help=words("cli.users_grant"), no_args_is_help=True)
def grant(
    name: Name,
    role: Annotated[Role, typer.Argument(metavar="ROLE", show_choices=False, help=words("cli.users_role"))],
    *,
    area: AreaCode = None,
    office: OfficeCode = None,
    since: Annotated[str | None, _option("--since", about="since", metavar="INSTANT")] = None,
    until: Until = None,
    reason: Reason = "",
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.grants import propose_grant  # noqa: PLC0415

    with _open() as store:
        made = propose_grant(
            store, name, role, area=area, office=office, since=read_instant(since) if since else None,
            until=read_instant(until) if until else None, reason=reason, actor=acting(store, actor), now=now()
        )  # fmt: skip
        anchor_now(store)
    tell({"name": name, **_grant_json(made)}, _grant_line(made), json=json)


@users_app.command("confirm", help=words("cli.users_confirm"), no_args_is_help=True)
def confirm(id: GrantId, *, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows.grants import confirm_grant  # noqa: PLC0415

    with _open() as store:
        made = confirm_grant(store, id, actor=acting(store, actor), now=now())
        anchor_now(store)
    tell(_grant_json(made), words("cli.users_confirmed", grant=id), json=json)


@users_app.command("end", help=words("cli.users_end"), no_args_is_help=True)
def end(id: GrantId, *, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows.grants import end_grant  # noqa: PLC0415

    with _open() as store:
        made = end_grant(store, id, actor=acting(store, actor), now=now())
        anchor_now(store)
    tell(_grant_json(made), words("cli.users_ended", grant=id), json=json)


@users_app.command("sessions", help=words("cli.users_sessions"))
def sessions(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help=words("cli.users_name"))] = "",
    *,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    found = [_one(listed, name)] if (listed := _listed(actor)) and name else listed
    lines = [words("cli.users_sessions_line", name=each.account.name, token=_token_line(token)) for each in found for token in each.tokens]
    told = {"accounts": [{"name": each.account.name, "tokens": list(map(_token_json, each.tokens))} for each in found]}
    tell(told, "\n".join(lines) or words("cli.users_sessions_none"), json=json)


@users_app.command("end-session", help=words("cli.users_end_session"), no_args_is_help=True)
def end_session(
    id: Annotated[str, typer.Argument(metavar="[ID]", help=words("cli.users_token_id"))] = "",
    *,
    all_of: Annotated[str, _option("--all", about="end_all", metavar="NAME")] = "",
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import tokens as flow  # noqa: PLC0415

    if bool(id) == bool(all_of):
        raise typer.BadParameter(words("cli.users_end_session_which"))
    ended = 1
    with _open() as store:
        if all_of:
            ended = flow.end_all(store, all_of, actor=acting(store, actor), now=now())
        else:
            flow.end_token(store, id, actor=acting(store, actor), now=now())
    tell({"ended": ended}, words("cli.users_sessions_ended", count=ended), json=json)


@users_app.command("key", help=words("cli.users_key"), no_args_is_help=True)
def key(
    name: Name,
    *,
    label: Annotated[str, _option("--label", about="label", metavar="TEXT")] = "",
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.tokens import add_key  # noqa: PLC0415

    at = now()
    with _open() as store:
        raw = add_key(store, name, label, actor=acting(store, actor), now=at)
    until = at + LASTS[TokenKind.KEY]
    tell({"name": name, "key": raw, "until": until.isoformat()}, words("cli.users_key_made", secret=raw, until=local(until)), json=json)


def _listed(actor: str) -> "tuple[Listed, ...]":
    from gridmap.flows.accounts import list_accounts  # noqa: PLC0415

    with _open() as store:
        return list_accounts(store, actor=acting(store, actor), now=now())


def _one(listed: "tuple[Listed, ...]", name: str) -> "Listed":
    from gridmap.account import plain_name  # noqa: PLC0415
    from gridmap.flows.act import AccountMissing  # noqa: PLC0415

    found = next((each for each in listed if each.account.name == plain_name(name)), None)
    if found is None:
        raise AccountMissing(account=name)
    return found


def _state(listed: "Listed") -> str:
    kind = "disabled" if listed.account.disabled_at else str(listed.account.kind)
    return words(f"cli.users_state_{kind}")


def _holds(listed: "Listed") -> str:
    """The roles that an account holds now, by grants and by posts, and those that wait, each with where."""
    from gridmap.flows.act import BY_DUTY  # noqa: PLC0415

    at = now()
    given = [(grant.role, grant.office or grant.area) for grant in listed.grants if grant.holds_at(at)]
    posted = [(BY_DUTY[post.duty], post.area) for post in listed.posts if post.duty in BY_DUTY]
    rest = [grant for grant in listed.grants if grant.until is None or at < grant.until]
    waits = [(grant.role, grant.office or grant.area) for grant in rest if grant.waits]
    told = [("cli.users_holds", held) for held in (*given, *posted)] + [("cli.users_grant_waits_short", held) for held in waits]
    return words("ui.semicolon").join(words(key, role=role, where=where or words("cli.users_county")) for key, (role, where) in told)


def _grant_line(grant: GrantRow) -> str:
    where = grant.office or grant.area or words("cli.users_county")
    term = {"since": local(grant.since), "until": local(grant.until) if grant.until else words("cli.users_no_end")}
    line = words("cli.users_grant_line", grant=grant.id, role=grant.role, where=where, **term)
    return "\n".join([line, words("cli.users_grant_waits", grant=grant.id)]) if grant.waits else line


def _token_line(token: Token) -> str:
    if token.kind is TokenKind.INVITATION:  # used once, and gone then
        return words("cli.users_token_unused", kind=words("cli.users_token_invitation"), token=token.id, until=local(token.until))
    facts = {"kind": words(f"cli.users_token_{token.kind}"), "label": token.label or "-"}
    return words("cli.users_token_line", token=token.id, seen=local(token.seen_at), until=local(token.until), **facts)


def _grant_json(grant: GrantRow) -> dict[str, Any]:
    instants = {"since": grant.since.isoformat(), "until": grant.until.isoformat() if grant.until else None}
    return {**asdict(grant), **instants, "role": str(grant.role), "waits": grant.waits}


def _token_json(token: Token) -> dict[str, Any]:
    instants = {name: getattr(token, name).isoformat() for name in ("made_at", "seen_at", "until")}
    return {"id": token.id, "kind": str(token.kind), "label": token.label, **instants}


def _account_json(listed: "Listed") -> dict[str, Any]:
    account = listed.account
    return {
        "name": account.name,
        "kind": str(account.kind),
        "worker": account.worker,
        "made_at": account.made_at.isoformat(),
        "disabled_at": account.disabled_at.isoformat() if account.disabled_at else None,
        "issuer": account.issuer,
        "grants": [_grant_json(grant) for grant in listed.grants],
        "posts": [{"area": post.area, "duty": str(post.duty), "since": post.since.isoformat()} for post in listed.posts],
        "tokens": list(map(_token_json, listed.tokens)),
    }
