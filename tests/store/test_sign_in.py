"""Signing in: what a session stands for and when it ends, what is refused and how, and that nobody can lock another out."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from gridmap.access import ANONYMOUS, Action, Role, SignInNeeded, allowed
from gridmap.account import AccountKind, TokenKind
from gridmap.duty import Duty, Post
from gridmap.flows.accounts import add_account, disable_account, enable_account, invite, link_account
from gridmap.flows.act import AccountMissing, act_as, open_to_all
from gridmap.flows.grants import end_grant
from gridmap.flows.sign_in import (
    InvitationUnusable,
    SignedIn,
    SignInRefused,
    Throttled,
    accept_and_sign_in,
    accept_invitation,
    change_password,
    invited,
    sign_in_as,
    sign_out,
    who,
)
from gridmap.flows.tokens import AccountPerson, AccountSystem, TokenMissing, add_key, add_phone, end_all, end_own, end_token, own_tokens
from gridmap.passwords import COST, PasswordCommon, PasswordWeak, set_cost
from gridmap.store import Store, accounts, people, throttle
from tests.builders import ALL, OPERATOR
from tests.guessing import Attack, check, guess, prepare
from tests.signing import LIGHT, PASSWORD, counted, enter, light_passwords, outcome, person, session
from tests.small_land import CELLS, LONG_AGO, NOW, TOWN, settle

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _light() -> Iterator[None]:
    with light_passwords():
        yield


def holds(store: Store, raw: str, at: object = NOW) -> bool:
    return who(store, raw, now=at) is not None  # type: ignore[arg-type]


def drain(store: Store, *what: str, leave: int) -> None:
    """Guesses from one network, without the work of each."""
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        for _ in range(100 - leave):
            assert throttle.take(tx, throttle.bucket_of(*what), burst=100, every=2 * SECOND, now=NOW) == 0


def test_a_session_stands_for_the_account_with_the_grants_of_this_moment(store: Store) -> None:
    settle(store)
    assert open_to_all(store)
    person(store, "li", Role.DISPATCHER, area=TOWN)
    assert not open_to_all(store)
    entered = enter(store, " Ｌi ")
    found = who(store, entered.session, now=NOW)
    assert found is not None
    assert (found.actor.name, found.account.name, found.token.kind) == ("li", "li", TokenKind.SESSION)
    assert allowed(found.actor, Action.INCIDENT_READ).areas == {TOWN}
    assert who(store, "gms_nobody", now=NOW) is None
    assert who(store, entered.browser, now=NOW) is None  # a known browser is nobody by itself


def test_every_refusal_says_the_same_and_takes_the_same_work(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether there is such an account shows neither in the answer nor in what was done for it: one Argon2, as many statements."""
    for name in ("li", "gone", "linked", "empty"):
        add_account(store, name, actor=OPERATOR, now=NOW)
    add_account(store, "pump", kind=AccountKind.SYSTEM, actor=OPERATOR, now=NOW)
    for name in ("li", "gone"):
        accept_invitation(store, invite(store, name, actor=OPERATOR, now=NOW), PASSWORD, now=NOW)
    link_account(store, "linked", "https://id.example", "7", actor=OPERATOR, now=NOW)
    disable_account(store, "gone", actor=OPERATOR, now=NOW)
    said, done = set(), {}
    for name, password in [("li", "x"), ("gone", "x"), ("linked", "x"), ("empty", ""), ("pump", "x"), ("nobody", "x"), ("no\x00body", "x")]:
        with counted(store, monkeypatch) as work, pytest.raises(SignInRefused) as refused:
            enter(store, name, password)
        said.add((refused.value.text("en"), refused.value.text("zh"), str(refused.value.facts)))
        done[name] = (work.looked, work.statements)
    assert len(said) == 1
    assert set(done.values()) == {(1, done["li"][1])}, done
    with pytest.raises(SignInRefused):
        enter(store, "gone")  # with the right password


def test_ten_guesses_and_then_one_each_ninety_seconds_and_the_password_is_not_looked_at_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(store, "li")
    with counted(store, monkeypatch) as work:
        assert [outcome(store, "li", network=f"n{n}") for n in range(12)] == ["refused"] * 10 + ["throttled"] * 2
        assert work.looked == 10
        assert outcome(store, "li", PASSWORD) == "throttled"
        with pytest.raises(Throttled) as wait:
            enter(store, "li", at=NOW + 60 * SECOND)
        assert wait.value.facts == {"seconds": 30}
        assert work.looked == 10
    assert outcome(store, "li", at=NOW + 90 * SECOND) == "refused"
    assert outcome(store, "li", PASSWORD, at=NOW + 90 * SECOND) == "throttled"
    assert outcome(store, "li", PASSWORD, at=NOW + 180 * SECOND) == "in"
    assert outcome(store, "nobody", at=NOW) == "refused"  # a name that is none has a bucket of its own, alike


def test_who_signed_in_from_this_browser_before_gets_in_while_others_guess(store: Store) -> None:
    for name in ("li", "wang"):
        person(store, name)
    desk = enter(store, "li")
    other = enter(store, "wang")
    while outcome(store, "li") != "throttled":
        pass
    assert outcome(store, "li", PASSWORD, browser=other.browser) == "throttled"  # known for wang alone
    assert outcome(store, "li", PASSWORD, browser="gmb_made up") == "throttled"
    assert outcome(store, "li", PASSWORD, browser=desk.browser) == "in"
    # The guesser's own network is no lever either: it may be the dispatcher's.
    drain(store, "network", "same", leave=0)
    assert [outcome(store, "li", browser=desk.browser, network="same") for _ in range(10)][-1] == "throttled"
    assert outcome(store, "wang", PASSWORD, browser=other.browser, network="same") == "in"


def test_people_who_take_turns_at_one_browser_are_all_known_there(store: Store) -> None:
    for name in ("li", "wang"):
        person(store, name)
    both = enter(store, "wang", browser=enter(store, "li").browser).browser
    for name in ("li", "wang"):
        while outcome(store, name) != "throttled":
            pass
        entered = enter(store, name, browser=both)
        assert entered.browser == both


def test_a_network_has_a_hundred_guesses_and_then_one_each_two_seconds(store: Store) -> None:
    drain(store, "network", "a", leave=5)
    told = [outcome(store, f"name{n}", network="a") for n in range(6)]
    assert told == ["refused"] * 5 + ["throttled"]
    assert outcome(store, "other", network="b") == "refused"
    assert outcome(store, "other", network="a", at=NOW + SECOND) == "throttled"
    assert outcome(store, "other", network="a", at=NOW + 2 * SECOND) == "refused"


def test_a_session_ends_after_twelve_hours_or_two_without_use(store: Store) -> None:
    person(store, "li")
    unused, used = enter(store, "li").session, enter(store, "li").session
    assert holds(store, unused, NOW + 2 * HOUR - SECOND)
    assert not holds(store, enter(store, "li").session, NOW + 2 * HOUR)
    for hour in range(1, 12):
        assert holds(store, used, NOW + hour * HOUR)
    assert holds(store, used, NOW + 12 * HOUR - SECOND)
    assert not holds(store, used, NOW + 12 * HOUR)


def test_when_a_session_was_seen_is_noted_once_a_minute(store: Store) -> None:
    person(store, "li")
    raw = enter(store, "li").session
    seen = []
    for seconds in (0, 59, 60, 90, 119, 120):
        found = who(store, raw, now=NOW + seconds * SECOND)
        assert found is not None
        with store.read(ALL) as tx:
            seen.append((accounts.tokens(tx, id=found.token.id)[0].seen_at - NOW) // SECOND)
    assert seen == [0, 0, 60, 60, 60, 120]


def test_a_phone_holds_until_it_is_not_used_for_ninety_days(store: Store) -> None:
    person(store, "li")
    actor = session(store, "li").actor
    raw = add_phone(store, "  my\n phone ", actor=actor, now=NOW)
    found = who(store, raw, now=NOW + timedelta(days=89))
    assert found is not None
    assert (found.token.kind, found.token.label, found.actor.name) == (TokenKind.PHONE, "my phone", "li")
    assert holds(store, raw, NOW + timedelta(days=178))
    assert not holds(store, raw, NOW + timedelta(days=178 + 90))


def test_what_is_taken_back_is_gone_at_the_very_next_question(store: Store) -> None:
    person(store, "li", Role.DISPATCHER)
    for n in range(2):
        at = NOW + n * HOUR
        one, two = enter(store, "li", at=at).session, session(store, "li", at=at)
        assert holds(store, one, at)
        end_own(store, who(store, one, now=at).token.id, actor=two.actor, now=at)  # type: ignore[union-attr]
        assert not holds(store, one, at)
        sign_out(store, two.token.id, actor=two.actor, now=at)
        sign_out(store, two.token.id, actor=two.actor, now=at)
        three = enter(store, "li", at=at).session
        disable_account(store, "li", actor=OPERATOR, now=at)
        assert not holds(store, three, at)
        enable_account(store, "li", actor=OPERATOR, now=at)
        assert not holds(store, three, at)  # what ended stays ended


def test_roles_end_with_their_grant_and_with_their_post(store: Store) -> None:
    settle(store)
    person(store, "li", Role.DISPATCHER)
    person(store, "w1", worker="W1")
    worker, raw = enter(store, "w1").session, enter(store, "li").session
    with store.begin(ALL) as tx:
        people.put_posts(tx, [Post("W1", CELLS[0], Duty.WORKER, LONG_AGO, NOW + HOUR)])
        (grant,) = accounts.grants(tx)
    assert role(store, raw, NOW) == [Role.DISPATCHER]
    end_grant(store, grant.id, actor=OPERATOR, now=NOW)
    assert role(store, raw, NOW) == []
    assert [role(store, worker, NOW + HOUR - SECOND), role(store, worker, NOW + HOUR)] == [[Role.WORKER], []]


def role(store: Store, raw: str, at: object) -> list[Role]:
    found = who(store, raw, now=at)  # type: ignore[arg-type]
    assert found is not None
    return [grant.role for grant in found.actor.grants]


def test_an_invitation_is_used_once_and_ends_every_token(store: Store) -> None:
    person(store, "li")
    before = enter(store, "li")
    replaced = invite(store, "li", actor=OPERATOR, now=NOW)
    raw = invite(store, "li", actor=OPERATOR, now=NOW)
    assert holds(store, before.session)
    for unusable in (replaced, "gmi_made up", before.session):
        with pytest.raises(InvitationUnusable):
            accept_invitation(store, unusable, "some other fine words", now=NOW)
        assert invited(store, unusable, now=NOW) is None
    with pytest.raises(InvitationUnusable):
        accept_invitation(store, raw, "some other fine words", now=NOW + timedelta(hours=72))
    with pytest.raises(PasswordWeak):
        accept_invitation(store, raw, "short", now=NOW)
    with pytest.raises(PasswordCommon):
        accept_invitation(store, raw, "li li li li", now=NOW)
    assert (found := invited(store, raw, now=NOW)) is not None
    assert found.name == "li"
    assert accept_invitation(store, raw, "some other fine words", now=NOW).name == "li"
    assert not holds(store, before.session)
    with pytest.raises(InvitationUnusable):
        accept_invitation(store, raw, "once more with words", now=NOW)
    assert outcome(store, "li", PASSWORD) == "refused"
    assert outcome(store, "li", "some other fine words") == "in"


def test_who_is_being_guessed_at_gets_in_from_a_new_browser_with_an_invitation(store: Store) -> None:
    person(store, "li")
    while outcome(store, "li") != "throttled":
        pass
    raw = invite(store, "li", actor=OPERATOR, now=NOW)
    entered = accept_and_sign_in(store, raw, "some other fine words", browser=None, label="", now=NOW)
    assert holds(store, entered.session)
    assert outcome(store, "li", "some other fine words", browser=entered.browser) == "in"


def test_of_two_who_use_an_invitation_at_once_one_is_refused(store: Store) -> None:
    add_account(store, "li", actor=OPERATOR, now=NOW)
    words = ("some other fine words", "once more with words")
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            raw = invite(store, "li", actor=OPERATOR, now=NOW)
            tried = [pool.submit(accept_invitation, store, raw, word, now=NOW) for word in words]
            assert sorted(type(each.exception()).__name__ for each in tried) == ["InvitationUnusable", "NoneType"]


def test_changing_the_password_ends_the_other_sessions_and_phones(store: Store) -> None:
    person(store, "li")
    here, there, phone = session(store, "li"), enter(store, "li"), ""
    phone = add_phone(store, "phone", actor=here.actor, now=NOW)
    with pytest.raises(SignInRefused):
        change_password(store, "wrong", "some other fine words", actor=here.actor, now=NOW)
    with pytest.raises(PasswordWeak):
        change_password(store, PASSWORD, "short", actor=here.actor, now=NOW)
    change_password(store, PASSWORD, "some other fine words", actor=here.actor, now=NOW, keep=here.token.id)
    assert not holds(store, there.session)
    assert not holds(store, phone)
    kinds = [each.kind for each in own_tokens(store, actor=here.actor)]
    assert kinds.count(TokenKind.SESSION) == 1
    assert outcome(store, "li", PASSWORD) == "refused"
    assert outcome(store, "li", "some other fine words", browser=there.browser) == "in"
    for _ in range(7):
        with pytest.raises(SignInRefused):
            change_password(store, "wrong", "some other fine words", actor=here.actor, now=NOW)
    with pytest.raises(Throttled):
        change_password(store, "some other fine words", PASSWORD, actor=here.actor, now=NOW)
    with pytest.raises(SignInNeeded):
        change_password(store, PASSWORD, "some other fine words", actor=OPERATOR, now=NOW)


def test_somebody_elses_token_is_as_one_that_is_not(store: Store) -> None:
    person(store, "li")
    person(store, "wang", Role.ADMINISTRATOR)
    li, wang = session(store, "li"), session(store, "wang")
    with pytest.raises(TokenMissing):
        end_own(store, wang.token.id, actor=li.actor, now=NOW)
    sign_out(store, wang.token.id, actor=li.actor, now=NOW)
    assert {each.account for each in own_tokens(store, actor=li.actor)} == {li.account.id}
    assert own_tokens(store, actor=OPERATOR) == ()
    end_token(store, li.token.id, actor=wang.actor, now=NOW)
    with pytest.raises(TokenMissing):
        end_token(store, li.token.id, actor=wang.actor, now=NOW)
    assert end_all(store, "li", actor=wang.actor, now=NOW) == 1  # the known browser
    assert own_tokens(store, actor=li.actor) == ()


def test_a_system_has_keys_and_nothing_else(store: Store) -> None:
    add_account(store, "pump", kind=AccountKind.SYSTEM, actor=OPERATOR, now=NOW)
    person(store, "li")
    raw = add_key(store, "pump", "hotline", actor=OPERATOR, now=NOW)
    found = who(store, raw, now=NOW + timedelta(days=365))
    assert found is not None
    assert not holds(store, raw, NOW + timedelta(days=366))
    with pytest.raises(AccountSystem):
        add_phone(store, "phone", actor=found.actor, now=NOW)
    with pytest.raises(AccountSystem):
        invite(store, "pump", actor=OPERATOR, now=NOW)
    with pytest.raises(AccountPerson):
        add_key(store, "li", "key", actor=OPERATOR, now=NOW)
    with pytest.raises(AccountMissing):
        add_key(store, "nobody", "key", actor=OPERATOR, now=NOW)


def test_who_was_proven_elsewhere_signs_in_as_the_linked_account(store: Store) -> None:
    person(store, "li")
    link_account(store, "li", "https://id.example", "7", actor=OPERATOR, now=NOW)
    entered: SignedIn = sign_in_as(store, "https://id.example", "7", label="", now=NOW)
    assert holds(store, entered.session)
    for issuer, subject in [("https://id.example", "8"), ("https://other.example", "7")]:
        with pytest.raises(SignInRefused):
            sign_in_as(store, issuer, subject, label="", now=NOW)
    disable_account(store, "li", actor=OPERATOR, now=NOW)
    with pytest.raises(SignInRefused):
        sign_in_as(store, "https://id.example", "7", label="", now=NOW)


def test_a_password_kept_at_another_cost_is_kept_anew_when_it_is_given(store: Store) -> None:
    account = person(store, "li")
    set_cost(LIGHT._replace(passes=2))
    assert outcome(store, "li", PASSWORD) == "in"
    with store.read(ALL) as tx:
        assert "t=2" in (accounts.password(tx, account.id) or "")
    set_cost(COST)
    assert outcome(store, "li", PASSWORD) == "in"


def test_no_secret_lies_in_the_database_and_nothing_that_was_typed_for_a_name(store: Store) -> None:
    person(store, "li")
    entered = enter(store, "li")
    phone = add_phone(store, "phone", actor=session(store, "li").actor, now=NOW)
    raw = invite(store, "li", actor=OPERATOR, now=NOW)
    outcome(store, "my password by mistake", "li")
    with store.read(ALL) as tx:
        tables = ("account", "token", "history", "throttle")
        kept = "\n".join(str(row) for table in tables for row in tx.execute(text(f"SELECT * FROM {table}")))
    assert "session.refuse" in kept
    for secret in (PASSWORD, entered.session, entered.browser, phone, raw, "my password"):
        assert secret not in kept
        assert secret.partition("_")[2][:20] not in kept or "_" not in secret


def test_the_machines_operator_may_use_an_account_and_history_says_so(store: Store) -> None:
    person(store, "li", Role.DISPATCHER)
    found = act_as(store, "LI", login="root", now=NOW)
    assert found.name == "li (operator:root)"
    assert [grant.role for grant in found.grants] == [Role.DISPATCHER]
    disable_account(store, "li", actor=OPERATOR, now=NOW)
    with pytest.raises(AccountMissing):
        act_as(store, "li", login="root", now=NOW)


def test_guesses_pass_at_most_what_is_allowed_and_lock_no_dispatcher_out(store: Store, request: pytest.FixtureRequest) -> None:
    """A small one of tests/proof/test_guessing.py."""
    url = request.getfixturevalue("fresh_postgres") if store.dialect == "postgresql" else store.url_shown
    attack = Attack(guesses=100, names=3, networks=2, seconds=180, sign_ins=5, sides=1)
    told = check(attack, [guess(url, attack, prepare(store, attack))])
    assert (told["looked"], told["signed_in"]) == (3 * 11, 5)
