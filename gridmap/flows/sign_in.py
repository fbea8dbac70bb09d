"""Signing in and out, and who a token stands for. Nothing here tells whether an account exists: not an answer, and no clock."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.access import ANONYMOUS, Action, Actor, allowed
from gridmap.account import Account, AccountKind, Token, TokenKind, plain_name
from gridmap.errors import NotFound, Refusal, Throttled
from gridmap.flows.act import actor_of
from gridmap.flows.tokens import end, hash_of, mint, own_account, subject_of
from gridmap.passwords import check_password, hash_password, is_dated, is_password
from gridmap.store import Store, Tx, accounts, history, throttle
from gridmap.store.faults import StoreBusy

__all__ = [
    "InvitationUnusable", "SignInRefused", "SignedIn", "Throttled", "Who", "accept_and_sign_in", "accept_invitation", "actor_for",
    "change_password", "check_password", "invited", "sign_in", "sign_in_as", "sign_out", "who",
]  # fmt: skip

NOBODYS = "account:?"
"""How history names what is no account."""

BURST = 10
EVERY = timedelta(seconds=90)
NETWORK_BURST = 100
NETWORK_EVERY = timedelta(seconds=2)
REFUSALS = 10_000  # that history keeps, and then one each ten seconds
REFUSALS_EVERY = timedelta(seconds=10)
TOUCHED = timedelta(minutes=1)
SHOWN = frozenset({TokenKind.SESSION, TokenKind.PHONE, TokenKind.KEY})
"""The kinds that act for their account."""
BETWEEN = "."
"""Between the tokens of one browser at which several people work in turn; stands in no token."""
BROWSERS = 8  # people at one browser that it remembers


class SignInRefused(Refusal):
    """One sentence for every cause: no such account, another password, disabled, linked elsewhere; facts: none."""


class InvitationUnusable(NotFound):
    """The invitation was used, has ended, or never was one; facts: none."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The raw tokens for a browser, told here alone: of its session, and that it is known. `browser` is "" after OIDC."""

    session: str
    browser: str
    account: Account


@dataclass(frozen=True, slots=True)
class Who:
    """Who shows a token: the actor with the grants of this moment."""

    actor: Actor
    token: Token
    account: Account


def sign_in(store: Store, name: str, password: str, *, browser: str | None, network: str, label: str, now: datetime) -> SignedIn:
    """A session for whoever knows the name and its password. SignInRefused; Throttled, and then the password was not looked at.

    A browser that signed in to this account before (`browser`) has a bucket of its own: guesses made elsewhere never lock it out.
    """
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        account = accounts.by_name(tx, name)
        known = _known(tx, account, browser, now)
        wait = _take(tx, name, network, known, now)
        kept = None if wait else accounts.password(tx, account.id if account else "")
    if wait:
        raise Throttled(seconds=wait)
    right = is_password(kept, password, waits=bool(known))
    anew = hash_password(password) if right and kept and is_dated(kept) else None
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        history.hold(tx)
        account = accounts.by_name(tx, name)  # it may have been disabled, or got another password, meanwhile
        good = right and account is not None and _may_sign_in(account) and accounts.password(tx, account.id) == kept
        if account is None or not good:
            _record_refusal(tx, account, bool(known), now)
        else:
            if anew:
                accounts.put_password(tx, account.id, anew)
            return _start(tx, account, browser, label, now, known=bool(known))
    raise SignInRefused


def forget_guesses(store: Store, *, now: datetime) -> None:
    """Drop what nothing depends on any more of who tried what how often."""
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        throttle.sweep(tx, now)


def sign_in_as(store: Store, issuer: str, subject: str, *, label: str, now: datetime) -> SignedIn:
    """A session for the account that is linked to this subject of this issuer, who was proven elsewhere (OIDC). SignInRefused."""
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        history.hold(tx)
        account = accounts.by_subject(tx, issuer, subject)
        if account is not None and _may_sign_in(account):
            return _start(tx, account, None, label, now, known=True)
    raise SignInRefused


def actor_for(store: Store, signed_in: SignedIn, *, now: datetime) -> Actor:
    """Who has just signed in, with the grants of this moment; nobody, if the session was ended in the same moment."""
    found = who(store, signed_in.session, now=now)
    return found.actor if found else ANONYMOUS


def who(store: Store, raw: str, *, now: datetime, seen: bool = True) -> Who | None:
    """Whom a session, phone or key stands for at this moment; None where it does not hold, or its account is disabled.

    A transaction of indexed queries: the token with its account, its grants, and the posts of its worker if it has one.
    Without `seen` it does not count as a use.
    """
    with store.read(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        found = accounts.by_token(tx, hash_of(raw))
        if found is None:
            return None
        token, account = found
        if token.kind not in SHOWN or not token.holds_at(now) or account.disabled_at is not None:
            return None
        actor = actor_of(tx, account, now)
    if seen and token.seen_at + TOUCHED <= now:
        with suppress(StoreBusy), store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:  # when it was seen is no reason to refuse
            accounts.touch(tx, token.id, now)
    return Who(actor, token, account)


def sign_out(store: Store, token_id: str, *, actor: Actor, now: datetime) -> None:
    """End the actor's own session of this id; nothing where it has ended already."""
    with store.begin(allowed(actor, Action.SELF_CHANGE)) as tx:
        history.hold(tx)
        found = accounts.tokens(tx, account_id=actor.account, id=token_id) if actor.account else ()
        if found:
            end(tx, own_account(tx, actor), found, now)


def invited(store: Store, raw: str, *, now: datetime) -> Account | None:
    """Whose invitation this is, while it holds."""
    with store.read(allowed(ANONYMOUS, Action.SIGN_IN)) as tx, suppress(InvitationUnusable):
        return _invited(tx, raw, now)
    return None


def accept_invitation(store: Store, raw: str, password: str, *, now: datetime) -> Account:
    """Choose the password of the account that was invited; every token that it had ends. InvitationUnusable, PasswordWeak, PasswordCommon.

    The invitation is used up, unless the password is refused.
    """
    with store.read(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        account = _invited(tx, raw, now)
    check_password(password, account.name)
    hash = hash_password(password)
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        history.hold(tx)
        account = _invited(tx, raw, now)  # two may have used it at once
        accounts.put_password(tx, account.id, hash)
        history.record(tx, now, "account.password", subject_of(account), by="invitation")
        end(tx, account, accounts.tokens(tx, account_id=account.id), now)
        return account


def accept_and_sign_in(store: Store, raw: str, password: str, *, browser: str | None, label: str, now: datetime) -> SignedIn:
    """`accept_invitation`, and a session at once: so also somebody whose name others keep guessing at gets in from a new browser."""
    account = accept_invitation(store, raw, password, now=now)
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        history.hold(tx)
        found = accounts.by_id(tx, account.id)
        if found is not None and _may_sign_in(found):
            return _start(tx, found, browser, label, now, known=False)
    raise SignInRefused


def change_password(store: Store, old: str, new: str, *, actor: Actor, now: datetime, keep: str | None = None) -> None:
    """Change the actor's own password; every session and phone ends but the token of the id `keep`.

    SignInRefused where `old` is not the password; Throttled, PasswordWeak, PasswordCommon.
    """
    allowed(actor, Action.SELF_CHANGE)
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        account = own_account(tx, actor)
        wait = throttle.take(tx, throttle.bucket_of("change", account.name), burst=BURST, every=EVERY, now=now)
        kept = accounts.password(tx, account.id)
    if wait:
        raise Throttled(seconds=wait)
    anew = ""
    if is_password(kept, old):
        check_password(new, account.name)
        anew = hash_password(new)
    with store.begin(allowed(actor, Action.SELF_CHANGE)) as tx:
        history.hold(tx)
        if anew and accounts.password(tx, account.id) == kept:
            accounts.put_password(tx, account.id, anew)
            history.record(tx, now, "account.password", subject_of(account), by="self")
            held = accounts.tokens(tx, account_id=account.id)
            end(tx, account, (each for each in held if each.id != keep and each.kind in {TokenKind.SESSION, TokenKind.PHONE}), now)
            return
        history.record(tx, now, "session.refuse", subject_of(account), known=True)
    raise SignInRefused


def _record_refusal(tx: Tx, account: Account | None, known: bool, now: datetime) -> None:
    """For everybody alike, so that no clock tells who has an account; and within bounds, so that no flood of guesses fills the disk.

    People type their password where the name belongs, and history never forgets: a name that is none is not kept.
    """
    if throttle.take(tx, throttle.bucket_of("refusals"), burst=REFUSALS, every=REFUSALS_EVERY, now=now) == 0:
        history.record(tx, now, "session.refuse", subject_of(account) if account else NOBODYS, known=known)


def _may_sign_in(account: Account) -> bool:
    return account.disabled_at is None and account.kind is AccountKind.PERSON


def _known(tx: Tx, account: Account | None, browser: str | None, now: datetime) -> str:
    """The id of the browser's token for this account, "" where it has none."""
    for raw in _browsers(browser):
        found = accounts.by_token(tx, hash_of(raw))
        if found and found[0].kind is TokenKind.BROWSER and found[0].holds_at(now) and account == found[1]:
            return found[0].id
    return ""


def _browsers(browser: str | None) -> Iterator[str]:
    """The tokens that a browser shows, of everybody who signed in there."""
    yield from browser.split(BETWEEN)[:BROWSERS] if browser else ()


def _take(tx: Tx, name: str, network: str, known: str, now: datetime) -> int:
    """How long to wait. A known browser neither takes from what its network may do nor waits for it: the attacker may sit next to it."""
    if known:
        return throttle.take(tx, throttle.bucket_of("known", known), burst=BURST, every=EVERY, now=now)
    wait = throttle.take(tx, throttle.bucket_of("network", network), burst=NETWORK_BURST, every=NETWORK_EVERY, now=now)
    return wait or throttle.take(tx, throttle.bucket_of("account", plain_name(name)), burst=BURST, every=EVERY, now=now)


def _start(tx: Tx, account: Account, browser: str | None, label: str, now: datetime, *, known: bool) -> SignedIn:
    session = mint(tx, account, TokenKind.SESSION, label, now)
    history.record(tx, now, "session.start", subject_of(account), label=label)
    if known:
        return SignedIn(session, browser or "", account)
    others = [raw for raw in _browsers(browser) if raw.startswith("gmb_")]
    return SignedIn(session, BETWEEN.join([mint(tx, account, TokenKind.BROWSER, label, now), *others][:BROWSERS]), account)


def _invited(tx: Tx, raw: str, now: datetime) -> Account:
    """The account that this invitation is for; InvitationUnusable."""
    token, account = accounts.by_token(tx, hash_of(raw)) or (None, None)
    if token is None or account is None or token.kind is not TokenKind.INVITATION or not token.holds_at(now) or not _may_sign_in(account):
        raise InvitationUnusable
    return account
