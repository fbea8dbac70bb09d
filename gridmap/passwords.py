"""Passwords: which are good enough, and how they are kept (Argon2id). Nothing here knows an account.

`COST` is what a guess costs whoever stole the database; `set_cost` is the one place where a test may lower it, so that a test of
throttling can guess thousands of times with the real thing.
"""

import secrets
import unicodedata
from base64 import b64encode
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, NamedTuple

from gridmap.errors import BadInput, Throttled

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 8, 128
JUDGED = 72  # characters that are judged: what stands behind them only makes a guess harder
TYPED = LONGEST * 4 + 1  # characters that are looked at: one is typed as four at most, so whoever sent more sent too many
AGAIN_SECONDS = 5
GOOD_ENOUGH = 3  # of 4: more than 10^8 guesses
AT_ONCE = BoundedSemaphore(2)  # hashes worked out at one time: each takes its memory, and a core
IN_TURN = BoundedSemaphore(12)  # who waits for that or is at it, of those who can be told to come back


class PasswordWeak(BadInput):
    """Too short or too long; facts: shortest, longest."""


class PasswordCommon(BadInput):
    """Among the first that somebody would guess, or made of the account's name; facts: none."""


class Cost(NamedTuple):
    """What one hash takes: memory in KiB, passes over it, lanes."""

    memory: int
    passes: int
    lanes: int


COST = Cost(19 * 1024, 2, 1)
_chosen = COST


def set_cost(cost: Cost) -> None:
    """Hash at another cost from now on. For tests alone."""
    global _chosen  # noqa: PLW0603 (the one place)
    _chosen = cost


def check_password(password: str, name: str) -> None:
    """Whether somebody may have this password: 8 to 128 characters of any kind, and not guessed early. PasswordWeak, PasswordCommon."""
    plain = _plain(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise PasswordWeak(shortest=SHORTEST, longest=LONGEST)
    from zxcvbn import zxcvbn  # noqa: PLC0415 (its lists take a twentieth of a second)

    if zxcvbn(plain[:JUDGED], user_inputs=[name, "gridmap"])["score"] < GOOD_ENOUGH:
        raise PasswordCommon


def hash_password(password: str) -> str:
    """What is kept of a password: Argon2id with its own salt, in the usual notation."""
    with AT_ONCE:
        return _hasher(_chosen).hash(_plain(password))


def is_password(kept: str | None, password: str, *, waits: bool = True) -> bool:
    """Whether this is the password. Where none is kept the same work is done for nothing: how long it takes tells nothing.

    Who need not be made to wait (`waits` false) is Throttled where a dozen are before them: a flood of guesses from everywhere would
    otherwise hold each thread of the service.
    """
    if waits:
        return _is_password(kept, _plain(password))
    if not IN_TURN.acquire(blocking=False):
        raise Throttled(seconds=AGAIN_SECONDS)
    try:
        return _is_password(kept, _plain(password))
    finally:
        IN_TURN.release()


def _is_password(kept: str | None, plain: str) -> bool:
    from argon2.exceptions import VerifyMismatchError  # noqa: PLC0415

    with AT_ONCE:
        try:
            found = _hasher(_chosen).verify(kept or _nobodys(_chosen), plain[:LONGEST])
        except VerifyMismatchError:
            return False
    return found and kept is not None and len(plain) <= LONGEST


def is_dated(kept: str) -> bool:
    """Whether a hash was made at another cost, and is to be made anew while the password is at hand."""
    return _hasher(_chosen).check_needs_rehash(kept)


def _plain(password: str) -> str:
    """One spelling of what two keyboards may send as different bytes; half a character stays no character.

    What is too long is cut, and stays too long: putting accents in order takes the square of their number, and holds every thread.
    """
    return unicodedata.normalize("NFKC", password[:TYPED].encode("utf-8", "replace").decode())


@cache
def _hasher(cost: Cost) -> "PasswordHasher":
    from argon2 import PasswordHasher  # noqa: PLC0415 (commands that know no password do not wait for it)

    return PasswordHasher(memory_cost=cost.memory, time_cost=cost.passes, parallelism=cost.lanes)


@cache
def _nobodys(cost: Cost) -> str:
    """A hash that no password has: noise, so that making it costs nothing that a clock could see."""
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={cost.memory},t={cost.passes},p={cost.lanes}${salt}${digest}"
