"""Accounts are made, invited, linked, disabled. An account is a name to sign in with, and nothing else about the person."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from gridmap.access import Action, Actor, Role, allowed
from gridmap.account import Account, AccountKind, GrantRow, Token, TokenKind, is_usable, plain_name
from gridmap.duty import Post
from gridmap.errors import BadInput, Conflict, NotFound
from gridmap.flows.tokens import AccountDisabled, AccountSystem, can_sign_in, end, end_invitations, find, mint, subject_of
from gridmap.settings import is_issuer
from gridmap.store import Store, Tx, accounts, history, ids, people


class AccountNameUnusable(BadInput):
    """Not a name that an account can have; facts: account."""


class AccountTaken(Conflict):
    """There is an account of this name; facts: account."""


class WorkerMissing(NotFound):
    """The register has no worker of this id; facts: worker."""


class WorkerTaken(Conflict):
    """Another account is this worker's; facts: worker, account."""


class SystemWorker(BadInput):
    """A system is no worker; facts: account."""


class IssuerUnusable(BadInput):
    """No address of a sign-in service: https, or http on loopback, and nothing after the path; facts: issuer."""


class IssuerForeign(Conflict):
    """Another sign-in service is set up here; facts: issuer, expected."""


class SubjectMissing(BadInput):
    """The subject by which the sign-in service knows somebody is empty; facts: none."""


class SubjectTaken(Conflict):
    """Another account is linked to this subject; facts: account."""


class AdministratorGuarded(Conflict):
    """Who can administer gets a new way to sign in from the machine's operator alone; facts: account.

    Else one administrator could take another's account, and be two people.
    """


@dataclass(frozen=True, slots=True)
class Listed:
    """An account with everything that it holds: grants that were ever given, tokens that were not ended, posts of its worker."""

    account: Account
    grants: tuple[GrantRow, ...]
    tokens: tuple[Token, ...]
    posts: tuple[Post, ...]


def list_accounts(store: Store, *, actor: Actor, now: datetime | None = None) -> tuple[Listed, ...]:
    """Every account, by name; with `now` only the tokens and posts that hold then. Four queries, however many there are."""
    with store.read(allowed(actor, Action.ACCOUNT_READ)) as tx:
        everybody = accounts.all_(tx)
        grants, tokens, posts = defaultdict(list), defaultdict(list), defaultdict(list)
        for grant in accounts.grants(tx):
            grants[grant.account].append(grant)
        for token in accounts.tokens(tx):
            if now is None or token.holds_at(now):
                tokens[token.account].append(token)
        for post in people.posts(tx, at=now):
            posts[post.worker].append(post)
    return tuple(
        Listed(each, tuple(grants[each.id]), tuple(tokens[each.id]), tuple(posts[each.worker]) if each.worker else ()) for each in everybody
    )


def add_account(
    store: Store, name: str, *, kind: AccountKind = AccountKind.PERSON, worker: str | None = None, actor: Actor, now: datetime
) -> Account:
    """A new account, without a password and without grants. The first one ends the open mode: from then on everybody signs in.

    AccountNameUnusable, AccountTaken, WorkerMissing, WorkerTaken, SystemWorker.
    """
    with store.begin(allowed(actor, Action.ACCOUNT_CHANGE)) as tx:
        history.hold(tx)
        return add(tx, name, kind=kind, worker=worker, now=now)


def add(tx: Tx, name: str, *, kind: AccountKind, worker: str | None, now: datetime) -> Account:
    """`add_account` within a transaction."""
    plain = plain_name(name)
    if not is_usable(plain):
        raise AccountNameUnusable(account=name)
    if accounts.by_name(tx, plain) is not None:
        raise AccountTaken(account=plain)
    _check_worker(tx, plain, kind, worker)
    made = Account(id=ids.new(now), name=plain, kind=kind, worker=worker, made_at=now)
    accounts.add(tx, made)
    history.record(tx, now, "account.add", subject_of(made), kind=str(kind), worker=worker)
    return made


def _check_worker(tx: Tx, name: str, kind: AccountKind, worker: str | None) -> None:
    if worker is None:
        return
    if kind is AccountKind.SYSTEM:
        raise SystemWorker(account=name)
    if people.worker(tx, worker) is None:
        raise WorkerMissing(worker=worker)
    holder = next((each for each in accounts.all_(tx) if each.worker == worker), None)
    if holder is not None:
        raise WorkerTaken(worker=worker, account=holder.name)


def invite(store: Store, name: str, *, actor: Actor, now: datetime) -> str:
    """An invitation to choose a password, told once; those before it end. AccountMissing, AccountSystem, AccountDisabled,
    AdministratorGuarded."""
    with store.begin(allowed(actor, Action.ACCOUNT_CHANGE)) as tx:
        history.hold(tx)
        account = _person(tx, name)
        _check_guarded(tx, account, actor, now)
        end_invitations(tx, account, now)
        history.record(tx, now, "account.invite", subject_of(account))
        return mint(tx, account, TokenKind.INVITATION, "", now)


def link_account(store: Store, name: str, issuer: str, subject: str, *, expected: str | None = None, actor: Actor, now: datetime) -> None:
    """Let a subject that an issuer vouches for (OIDC) sign in as this account; `expected` is the issuer that is set up, if one is.

    AccountMissing, AccountSystem, AccountDisabled, AdministratorGuarded, SubjectMissing, IssuerUnusable, IssuerForeign, SubjectTaken.
    """
    with store.begin(allowed(actor, Action.ACCOUNT_CHANGE)) as tx:
        history.hold(tx)
        account = _person(tx, name)
        _check_guarded(tx, account, actor, now)
        if not subject.strip():
            raise SubjectMissing
        if not is_issuer(issuer):
            raise IssuerUnusable(issuer=issuer)
        if expected is not None and issuer != expected:
            raise IssuerForeign(issuer=issuer, expected=expected)
        holder = accounts.by_subject(tx, issuer, subject)
        if holder is not None and holder.id != account.id:
            raise SubjectTaken(account=holder.name)
        accounts.put_subject(tx, account.id, issuer, subject)
        history.record(tx, now, "account.link", subject_of(account), issuer=issuer)


def disable_account(store: Store, name: str, *, actor: Actor, now: datetime) -> None:
    """From now on the account can do nothing; all its sessions, devices and keys end. AccountMissing, AccountDisabled."""
    with store.begin(allowed(actor, Action.ACCOUNT_CHANGE)) as tx:
        history.hold(tx)
        account = find(tx, name)
        if account.disabled_at is not None:
            raise AccountDisabled(account=account.name)
        accounts.put_disabled(tx, account.id, now)
        history.record(tx, now, "account.disable", subject_of(account))
        end(tx, account, accounts.tokens(tx, account_id=account.id), now)


def enable_account(store: Store, name: str, *, actor: Actor, now: datetime) -> None:
    """The account can sign in again, with the grants and the password that it has; nothing where it was not disabled. AccountMissing."""
    with store.begin(allowed(actor, Action.ACCOUNT_CHANGE)) as tx:
        history.hold(tx)
        account = find(tx, name)
        if account.disabled_at is None:
            return
        accounts.put_disabled(tx, account.id, None)
        history.record(tx, now, "account.enable", subject_of(account))


def is_operator(actor: Actor) -> bool:
    """Whether it is whoever holds the machine."""
    return any(grant.role is Role.OPERATOR for grant in actor.grants)


def _person(tx: Tx, name: str) -> Account:
    account = find(tx, name)
    if account.kind is AccountKind.SYSTEM:
        raise AccountSystem(account=account.name)
    if account.disabled_at is not None:
        raise AccountDisabled(account=account.name)
    return account


def _check_guarded(tx: Tx, account: Account, actor: Actor, now: datetime) -> None:
    """Nobody but the operator gives a new way in to an account that administers, or that can sign in already and may administer soon.

    One whose grant waits and who never signed in may be invited: somebody has to. Once it is confirmed, whoever did so again would be it.
    """
    if is_operator(actor):
        return
    held = (each for each in accounts.grants(tx, account.id) if each.until is None or now < each.until)
    given = [each for each in held if each.role is Role.ADMINISTRATOR]
    if any(not each.waits for each in given) or (given and can_sign_in(tx, account)):
        raise AdministratorGuarded(account=account.name)
