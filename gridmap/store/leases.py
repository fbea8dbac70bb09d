"""Who alone does something for a while, so that two processes do not do the same; and how one who overslept finds out.

A lease ends by itself: whoever holds it may die. Each holder has a higher fence than the one before, and says it with every change.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, update

from gridmap.store.clock_tables import lease
from gridmap.store.dialect import insert_once_if


def take(tx: Connection, name: str, holder: str, *, now: datetime, lasts: timedelta) -> int | None:
    """The fence of a lease until `lasts` from now; None while another holds it.

    One that ends later than any could that is taken now was taken before the clock was set back: it holds nobody off.
    """
    free = (lease.c.until <= now) | (lease.c.until > now + lasts)
    row = {"name": name, "holder": holder, "fence": 1, "until": now + lasts}
    anew = {"holder": holder, "fence": lease.c.fence + 1, "until": now + lasts}
    taken: int | None = tx.scalar(insert_once_if(tx, lease, on=["name"], update=anew, where=free, answer=lease.c.fence).values(row))
    return taken


def keep(tx: Connection, name: str, fence: int, *, until: datetime) -> bool:
    """Whether the lease is still the one with this fence; then it lasts until then, and nobody takes it before this transaction ends."""
    return bool(tx.execute(update(lease).where(lease.c.name == name, lease.c.fence == fence).values(until=until)).rowcount)
