"""Places that are given in the order in which they were asked for, and never to more than there are."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event, Lock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.store.turns import Turns, WaitedTooLong
from tests import patient


def test_whoever_came_first_goes_first() -> None:
    turns, went, held = Turns(1), list[int](), Event()

    def come(number: int) -> None:
        with turns.turn(patient.SECONDS):
            went.append(number)

    def hold() -> None:
        with turns.turn(patient.SECONDS):
            assert held.wait(patient.SECONDS)

    with ThreadPoolExecutor(9) as pool:
        done = [pool.submit(hold)]
        for number in range(8):
            done.append(pool.submit(come, number))
            while turns.waiting < number + 1 and not done[0].done():
                time.sleep(0.001)
        held.set()
        for each in done:
            each.result()
    assert went == list(range(8))


def test_whoever_goes_and_comes_again_stands_behind_those_who_wait() -> None:
    turns, went = Turns(1), list[str]()

    def wait() -> None:
        with turns.turn(patient.SECONDS):
            went.append("waited")

    with ThreadPoolExecutor(1) as pool:
        with turns.turn(0):
            done = pool.submit(wait)
            while not turns.waiting:
                time.sleep(0.001)
        with turns.turn(patient.SECONDS):
            went.append("again")
        done.result()
    assert went == ["waited", "again"]


@settings(max_examples=20, deadline=None)
@given(places=st.integers(1, 4), patience=st.lists(st.sampled_from([0.0, 0.001, 5.0]), min_size=1, max_size=12))
def test_no_place_is_lost_or_given_twice_whoever_gives_up(places: int, patience: list[float]) -> None:
    turns, inside, most, counting = Turns(places), 0, 0, Lock()

    def come(seconds: float) -> bool:
        nonlocal inside, most
        try:
            with turns.turn(seconds):
                with counting:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.001)
                with counting:
                    inside -= 1
        except WaitedTooLong:
            return False
        return True

    with ThreadPoolExecutor(len(patience)) as pool:
        went = list(pool.map(come, patience))
    assert most <= places
    assert all(made for made, seconds in zip(went, patience, strict=True) if seconds == 5.0)
    assert turns.waiting == 0
    with ExitStack() as all_of_them:  # they are there again, each of them
        for _ in range(places):
            all_of_them.enter_context(turns.turn(0))
        with pytest.raises(WaitedTooLong), turns.turn(0):
            pass


def test_who_waited_too_long_is_told_and_leaves_the_line() -> None:
    turns = Turns(1)
    with turns.turn(0):
        with pytest.raises(WaitedTooLong), turns.turn(0.01):
            pass
        assert turns.waiting == 0
    with turns.turn(0):
        pass
