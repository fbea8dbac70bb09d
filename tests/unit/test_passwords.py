"""Which passwords are good enough, and how they are kept."""

import time
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gridmap.account import is_usable, plain_name
from gridmap.errors import Throttled
from gridmap.passwords import COST, IN_TURN, PasswordCommon, PasswordWeak, check_password, hash_password, is_dated, is_password, set_cost
from tests.signing import LIGHT, light_passwords


@pytest.fixture
def light() -> Iterator[None]:
    with light_passwords():
        yield


@pytest.mark.parametrize(
    "password", ["five kites over nine bridges", "水牛 骑车 去 图书馆", "wq8-Rk2_tZz", "x" * 20 + "five kites" * 10, "🦆🐌🚲🌧 lantern"]
)
def test_any_characters_make_a_good_password(password: str) -> None:
    check_password(password, "li")


@pytest.mark.parametrize("password", ["", "a", "7 chars", "x" * 129])
def test_too_short_and_too_long_are_refused(password: str) -> None:
    with pytest.raises(PasswordWeak):
        check_password(password, "li")


@pytest.mark.parametrize(
    "password",
    ["password1", "12345678", "qwertyuiop", "aaaaaaaaaaaaaaaa", "20260301", "wangxiaoli", "wangxiaoli1", "gridmap1", "iloveyou!"],
)
def test_what_is_guessed_early_is_refused(password: str) -> None:
    with pytest.raises(PasswordCommon):
        check_password(password, "wangxiaoli")


def test_what_is_kept_costs_what_it_should() -> None:
    assert (COST.memory, COST.passes, COST.lanes) >= (19 * 1024, 2, 1)
    kept = hash_password("five kites")
    assert kept.startswith(f"$argon2id$v=19$m={COST.memory},t={COST.passes},p={COST.lanes}$")
    assert is_password(kept, "five kites")
    assert not is_password(kept, "five kitez")
    assert not is_dated(kept)


@pytest.mark.usefixtures("light")
def test_one_password_is_kept_differently_each_time_and_two_spellings_are_one() -> None:
    kept = hash_password("café ﬁve")
    assert kept != hash_password("café ﬁve")
    assert is_password(kept, "cafe\u0301 five")
    assert not is_password(kept, "cafe five")
    assert is_password(hash_password("\ud800"), "\ud800")  # half a character is no fault of ours


@pytest.mark.usefixtures("light")
def test_what_is_far_too_long_is_refused_and_holds_nobody_up() -> None:
    """Accents in the wrong order are put in order in a time that grows with the square of their number."""
    accents = "\u0301" * 16_000 + "\u0316" * 16_000
    begun = time.process_time()
    assert not is_password(None, accents)
    assert not is_usable(plain_name(f"li{accents}"))
    with pytest.raises(PasswordWeak):
        check_password(accents, "li")
    assert time.process_time() - begun < 1


@pytest.mark.usefixtures("light")
def test_the_longest_password_and_name_are_the_same_in_their_longest_spelling() -> None:
    name, password = "ᾂ" * 64, "ᾂ" * 128
    spelled = unicodedata.normalize("NFD", password)
    assert len(spelled) == 4 * 128
    assert is_password(hash_password(password), spelled)
    assert not is_password(hash_password(password), f"{spelled}x")
    assert plain_name(unicodedata.normalize("NFD", name)) == plain_name(name)


@pytest.mark.usefixtures("light")
def test_where_no_password_is_kept_none_is_right() -> None:
    assert not any(is_password(None, word) for word in ("", "x", "five kites"))


@pytest.mark.usefixtures("light")
def test_a_password_kept_at_another_cost_is_still_right_and_dated() -> None:
    kept = hash_password("five kites")
    set_cost(LIGHT._replace(passes=2))
    assert is_password(kept, "five kites")
    assert is_dated(kept)


@pytest.mark.usefixtures("light")
def test_who_is_not_known_is_told_to_come_back_where_a_dozen_are_before_them() -> None:
    kept = hash_password("five kites")
    with ExitStack() as others:
        for _ in range(12):
            IN_TURN.acquire()
            others.callback(IN_TURN.release)
        with pytest.raises(Throttled):
            is_password(kept, "five kites", waits=False)
        assert is_password(kept, "five kites")
    assert is_password(kept, "five kites", waits=False)
    assert not is_password(kept, "five kitez", waits=False)


@pytest.mark.usefixtures("light")
def test_a_password_that_nobody_can_have_is_not_cut_to_one_that_somebody_has() -> None:
    assert not is_password(hash_password("x" * 128), "x" * 129)
