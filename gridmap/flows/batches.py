"""Work of a sweep: in transactions of so many, under a lease, so that whoever dies at it loses nothing and keeps nobody waiting."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.access import Scope
from gridmap.store import Store, Tx, history, leases

LASTS = timedelta(minutes=5)
BATCH = 100


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep by its lease's name, as who, for which process (`holder`), at which instant."""

    store: Store
    scope: Scope
    name: str
    holder: str
    now: datetime
    batch: int = BATCH

    def go(self, is_any: Callable[[Tx], bool], do: Callable[[Tx], int]) -> bool:
        """Call `do`, which says how many it found, until it finds fewer than a batch; False where another process is at it."""
        with self.store.read(self.scope) as tx:
            if not is_any(tx):
                return True
        with self.store.begin(self.scope) as tx:
            fence = leases.take(tx, self.name, self.holder, now=self.now, lasts=LASTS)
        if fence is None:
            return False
        while (more := self._one(fence, do)) is True:
            pass
        return more is not None

    def _one(self, fence: int, do: Callable[[Tx], int]) -> bool | None:
        """One transaction: whether there may be more, None where the lease is another's by now."""
        with self.store.begin(self.scope) as tx:
            history.hold(tx)
            if not leases.keep(tx, self.name, fence, until=self.now + LASTS):
                return None
            more = do(tx) >= self.batch
            leases.keep(tx, self.name, fence, until=self.now + LASTS if more else self.now)
        return more
