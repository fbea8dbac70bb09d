"""People who guess passwords, many at once and from several processes, with a clock of their own."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import pytest

from gridmap.store import Store
from tests.signing import PASSWORD, counted, enter, light_passwords, outcome, person
from tests.small_land import NOW


class Attack(NamedTuple):
    """`guesses` over `names` (one of three is an account's) and `networks`, spread over `seconds`; `side` of `sides` does its share."""

    guesses: int
    names: int
    networks: int
    seconds: int
    sign_ins: int = 20  # of a dispatcher, whose known browser has a bucket of its own
    side: int = 0
    sides: int = 2

    def share(self) -> Iterator[tuple[str, str, timedelta]]:
        """Each guess of this side: the name, the network, and when."""
        for n in range(self.side, self.guesses, self.sides):
            turn = n // self.sides
            yield (
                name(turn % self.names),
                f"network {turn // self.names % self.networks}",
                timedelta(seconds=self.seconds * n / self.guesses),
            )


@dataclass
class Passed:
    """What got through: by name and by network how many passwords were looked at, and how a dispatcher fared meanwhile."""

    by_name: Counter[str] = field(default_factory=Counter)
    by_network: Counter[str] = field(default_factory=Counter)
    looked: int = 0
    throttled: int = 0
    dispatcher: Counter[str] = field(default_factory=Counter)


def name(n: int) -> str:
    return f"name{n}"


def prepare(store: Store, attack: Attack) -> str:
    """The accounts that are guessed at, all before the clock of the attack; answers what makes the first one's browser known."""
    before = NOW - timedelta(days=1)
    for n in range(0, attack.names, 3):
        person(store, name(n), at=before)
    return enter(store, name(0), at=before).browser


def guess(url: str, attack: Attack, browser: str) -> Passed:
    """Do one side's share, as a process of its own; a dispatcher whose name is guessed at signs in now and then, from a known browser."""
    passed = Passed()
    with Store.open(url) as store, pytest.MonkeyPatch.context() as patch, light_passwords(), counted(store, patch) as work:
        often = attack.guesses // attack.sides // attack.sign_ins
        for n, (who, network, at) in enumerate(attack.share()):
            told = outcome(store, who, network=network, at=NOW + at)
            assert told in {"refused", "throttled"}
            passed.throttled += told == "throttled"
            passed.by_name[who] += told == "refused"
            passed.by_network[network] += told == "refused"
            if attack.side == 0 and n % often == often - 1:
                looked = work.looked
                passed.dispatcher[outcome(store, name(0), PASSWORD, browser=browser, network=network, at=NOW + at)] += 1
                work.looked = looked
        passed.looked = work.looked
    return passed


def attack_at_once(url: str, attack: Attack, browser: str, pool: Executor) -> list[Passed]:
    """All sides at once."""
    sides = [pool.submit(guess, url, attack._replace(side=side), browser) for side in range(attack.sides)]
    return [each.result() for each in sides]


def check(attack: Attack, sides: list[Passed]) -> Counter[str]:
    """At most what the buckets allow got through, and no password was looked at for anything else; answers the sums by kind."""
    by_name, by_network = (sum((getattr(side, kind) for side in sides), Counter[str]()) for kind in ("by_name", "by_network"))
    assert max(by_name.values()) <= 10 + attack.seconds // 90 + 1
    assert max(by_network.values()) <= 100 + attack.seconds // 2 + 1
    looked = sum(side.looked for side in sides)
    assert looked == by_name.total() == by_network.total()
    assert looked + sum(side.throttled for side in sides) == attack.guesses
    (dispatcher,) = [side.dispatcher for side in sides if side.dispatcher]
    assert set(dispatcher) == {"in"}
    return Counter(looked=looked, most_by_name=max(by_name.values()), most_by_network=max(by_network.values()), signed_in=dispatcher["in"])
