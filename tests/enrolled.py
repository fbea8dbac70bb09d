"""People for tests: accounts put straight into their tables, with the tokens that they show. How they come about is tested elsewhere."""

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

from gridmap.access import Grant
from gridmap.account import Account, GrantRow, Token, TokenKind
from gridmap.store import Store, accounts, ids
from tests.builders import ALL


class Shown(NamedTuple):
    """What somebody signs a request with: a phone's bearer, or a browser's cookie."""

    bearer: dict[str, str]
    cookie: dict[str, str]


NOBODY = Shown({}, {})


def enrol(store: Store, name: str, *grants: Grant, worker: str | None = None, now: datetime) -> Shown:
    """An account with these grants, which signed in just now."""
    made = now - timedelta(days=1)
    account = Account(id=ids.new(made), name=name, worker=worker, made_at=made)
    given = {"since": made, "proposed_by": "one", "confirmed_by": "another"}
    rows = [GrantRow(id=ids.new(made), account=account.id, role=one.role, area=one.area, office=one.office, **given) for one in grants]  # type: ignore[arg-type]
    phone, session = f"gmp_{name}", f"gms_{name}"
    with store.begin(ALL) as tx:
        accounts.add(tx, account)
        accounts.add_grants(tx, rows)
        for raw, kind in ((phone, TokenKind.PHONE), (session, TokenKind.SESSION)):
            until = now + timedelta(hours=11)
            token = Token(id=ids.new(made), account=account.id, kind=kind, label="", made_at=now, seen_at=now, until=until)
            accounts.add_token(tx, token, hashlib.sha256(raw.encode()).hexdigest())
    return Shown({"Authorization": f"Bearer {phone}"}, {"Cookie": f"gridmap={session}"})
