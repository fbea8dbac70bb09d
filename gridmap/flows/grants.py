"""Grants are given and taken back. An administrator's needs two people: one proposes it, another administrator confirms it."""

from dataclasses import replace
from datetime import MAXYEAR, datetime, timedelta

from gridmap.access import COUNTY_ONLY, GRANTABLE, Action, Actor, Role, allowed, hands
from gridmap.account import Account, AccountKind, GrantRow
from gridmap.errors import AreaMissing, BadInput, Conflict, InstantUnreadable, NoEditionInForce, NotFound, OfficeMissing
from gridmap.flows.accounts import add, is_operator
from gridmap.flows.tokens import can_sign_in, end_invitations, find, subject_of
from gridmap.store import Store, Tx, accounts, editions, history, ids, offices

MOMENT = timedelta(microseconds=1)


class RoleByPost(BadInput):
    """Workers and leaders hold their role by a post, and lose it with it; facts: role."""


class RoleUngrantable(BadInput):
    """Nobody is granted this role; facts: role, roles."""


class GrantCountyOnly(BadInput):
    """This role is for the whole county, not for an area; facts: role."""


class GrantNeedsOffice(BadInput):
    """A handler's grant names the office; facts: role."""


class GrantOfficeUseless(BadInput):
    """Only a handler's grant names an office; facts: role."""


class GrantAreaUseless(BadInput):
    """A handler's reach is the office, not an area; facts: role."""


class GrantTermUnusable(BadInput):
    """A grant ends after it begins, and after now; facts: until."""


class GrantNeedsPerson(Conflict):
    """A system cannot administer; facts: account."""


class GrantHeld(Conflict):
    """The account has this grant already; facts: account, role."""


class GrantMissing(NotFound):
    """No grant of this id; facts: grant."""


class GrantEnded(Conflict):
    """The grant has ended; facts: grant."""


class GrantConfirmed(Conflict):
    """The grant holds already and needs no confirmation; facts: grant."""


class SecondPersonNeeded(Conflict):
    """Another administrator has to confirm: neither who proposed it nor who gets it; facts: grant."""


def propose_grant(
    store: Store, name: str, role: Role, *, area: str | None = None, office: str | None = None, since: datetime | None = None,
    until: datetime | None = None, reason: str = "", actor: Actor, now: datetime
) -> GrantRow:  # fmt: skip
    """Give an account a role within an area and all below it (None: the county). It holds at once, but an administrator's waits.

    The first administrator, made by the operator while there is none, waits for nobody. AccountMissing, AreaMissing, OfficeMissing,
    RoleByPost, RoleUngrantable, GrantCountyOnly, GrantNeedsOffice, GrantOfficeUseless, GrantAreaUseless, GrantTermUnusable,
    InstantUnreadable, GrantNeedsPerson, GrantHeld.
    """
    with store.begin(allowed(actor, Action.GRANT_CHANGE)) as tx:
        history.hold(tx)
        account = find(tx, name)
        wanted = _wanted(account, role, area=area, office=office, since=since, until=until, reason=reason, actor=actor, now=now)
        return _propose(tx, account, wanted, actor, now)


def add_with_grant(
    store: Store, name: str, role: Role, *, kind: AccountKind = AccountKind.PERSON, worker: str | None = None, area: str | None = None,
    office: str | None = None, until: datetime | None = None, reason: str = "", actor: Actor, now: datetime
) -> tuple[Account, GrantRow]:  # fmt: skip
    """A new account with its grant: both, or neither. What `add_account` and `propose_grant` refuse."""
    allowed(actor, Action.ACCOUNT_CHANGE)
    with store.begin(allowed(actor, Action.GRANT_CHANGE)) as tx:
        history.hold(tx)
        account = add(tx, name, kind=kind, worker=worker, now=now)
        wanted = _wanted(account, role, area=area, office=office, since=None, until=until, reason=reason, actor=actor, now=now)
        return account, _propose(tx, account, wanted, actor, now)


def confirm_grant(store: Store, id: str, *, actor: Actor, now: datetime) -> GrantRow:
    """Confirm an administrator's grant, as another administrator. GrantMissing, GrantEnded, GrantConfirmed, SecondPersonNeeded."""
    with store.begin(allowed(actor, Action.GRANT_CHANGE)) as tx:
        history.hold(tx)
        found, account = _grant(tx, id, now)
        if found.role is not Role.ADMINISTRATOR or found.confirmed_by is not None:
            raise GrantConfirmed(grant=id)
        if actor.account in {None, account.id} or hands(actor.name) & hands(found.proposed_by):
            raise SecondPersonNeeded(grant=id)
        confirmed = replace(found, confirmed_by=actor.name)
        accounts.put_grant(tx, confirmed)
        _guard(tx, account, confirmed, now)
        _unlink(tx, account, now)
        history.record(tx, now, "grant.confirm", subject_of(account), grant=id, role=str(found.role), proposed_by=found.proposed_by)
        return confirmed


def end_grant(store: Store, id: str, *, actor: Actor, now: datetime) -> GrantRow:
    """Take a grant back, or turn down one that waits: from now on it gives nothing. GrantMissing, GrantEnded."""
    with store.begin(allowed(actor, Action.GRANT_CHANGE)) as tx:
        history.hold(tx)
        found, account = _grant(tx, id, now)
        # One that has not begun never does: a term of one past moment holds at no instant to come.
        ended = replace(found, since=min(found.since, now - MOMENT), until=now)
        accounts.put_grant(tx, ended)
        history.record(tx, now, "grant.end", subject_of(account), grant=id, role=str(found.role), since=found.since.isoformat())
        return ended


def _wanted(
    account: Account, role: Role, *, area: str | None, office: str | None, since: datetime | None, until: datetime | None, reason: str,
    actor: Actor, now: datetime
) -> GrantRow:  # fmt: skip
    for instant in (since, until):
        if instant is not None and instant.year == MAXYEAR:  # in other zones, in which it is shown, there may be no such day
            raise InstantUnreadable(text=instant.isoformat())
    begins = max(since or now, now)  # nothing is granted for the past
    if until is not None and until <= begins:
        raise GrantTermUnusable(until=until.isoformat())
    return GrantRow(
        id=ids.new(now), account=account.id, role=role, area=area or None, office=office or None, since=begins, until=until,
        proposed_by=actor.name, reason=reason.strip()
    )  # fmt: skip


def _propose(tx: Tx, account: Account, wanted: GrantRow, actor: Actor, now: datetime) -> GrantRow:
    _check_shape(wanted)
    _check_rows(tx, account, wanted, now)
    if wanted.role is Role.ADMINISTRATOR and is_operator(actor) and not _administered(tx, now):
        wanted = replace(wanted, confirmed_by=actor.name)
    accounts.add_grants(tx, [wanted])
    _guard(tx, account, wanted, now)
    facts = {
        "grant": wanted.id, "role": str(wanted.role), "area": wanted.area, "office": wanted.office, "reason": wanted.reason,
        "until": wanted.until.isoformat() if wanted.until else None, "confirmed_by": wanted.confirmed_by,
    }  # fmt: skip
    history.record(tx, now, "grant.propose", subject_of(account), **facts)
    return wanted


def _guard(tx: Tx, account: Account, given: GrantRow, now: datetime) -> None:
    """Whoever will administer and can sign in keeps no invitation that another administrator made before, and may have kept."""
    if given.role is Role.ADMINISTRATOR and can_sign_in(tx, account):
        end_invitations(tx, account, now)


def _unlink(tx: Tx, account: Account, now: datetime) -> None:
    """Beside a password, a link to a sign-in elsewhere ends: whoever made it may use it themselves, and nobody would notice.

    Without a password its owner would notice at once. The operator can link it again.
    """
    if account.subject is not None and accounts.password(tx, account.id) is not None:
        accounts.put_subject(tx, account.id, None, None)
        history.record(tx, now, "account.unlink", subject_of(account), issuer=account.issuer)


def _check_shape(wanted: GrantRow) -> None:
    """What can be said of a grant by itself."""
    role = wanted.role
    if role in {Role.WORKER, Role.LEADER}:
        raise RoleByPost(role=role)
    if role not in GRANTABLE:
        raise RoleUngrantable(role=role, roles=", ".join(GRANTABLE))
    if role in COUNTY_ONLY and wanted.area:
        raise GrantCountyOnly(role=role)
    if role is Role.HANDLER and not wanted.office:
        raise GrantNeedsOffice(role=role)
    if role is Role.HANDLER and wanted.area:
        raise GrantAreaUseless(role=role)
    if role is not Role.HANDLER and wanted.office:
        raise GrantOfficeUseless(role=role)


def _check_rows(tx: Tx, account: Account, wanted: GrantRow, now: datetime) -> None:
    """What it names has to be there, and not twice."""
    if account.kind is AccountKind.SYSTEM and wanted.role is Role.ADMINISTRATOR:
        raise GrantNeedsPerson(account=account.name)
    if wanted.area and not editions.is_known(tx, wanted.area):
        number = editions.number_in_force(tx, now)
        raise AreaMissing(code=wanted.area, edition=number) if number else NoEditionInForce(at=now.isoformat())
    if wanted.office and offices.get(tx, wanted.office) is None:
        raise OfficeMissing(office=wanted.office)
    same = (wanted.role, wanted.area, wanted.office)
    if any((each.role, each.area, each.office) == same and each.until is None for each in accounts.grants(tx, account.id)):
        raise GrantHeld(account=account.name, role=wanted.role)


def _administered(tx: Tx, now: datetime) -> bool:
    """Whether somebody administers, or will."""
    able = {each.id for each in accounts.all_(tx) if each.disabled_at is None}
    return any(
        each.role is Role.ADMINISTRATOR and each.account in able and each.confirmed_by and (each.until is None or now < each.until)
        for each in accounts.grants(tx)
    )


def _grant(tx: Tx, id: str, now: datetime) -> tuple[GrantRow, Account]:
    """A grant that has not ended, and whose it is."""
    found = accounts.grant(tx, id)
    account = accounts.by_id(tx, found.account) if found else None
    if found is None or account is None:
        raise GrantMissing(grant=id)
    if found.until is not None and found.until <= now:
        raise GrantEnded(grant=id)
    return found, account
