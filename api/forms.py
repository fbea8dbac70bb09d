"""What a page's form sends: fields as text, read with the standard library."""

from datetime import MAXYEAR, MINYEAR, datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.exceptions import HTTPException

from gridmap.errors import InstantUnreadable

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 50
SECRETS = frozenset({"password", "again", "old"})  # a space is as good a character as any other


def day(text: str, zone: ZoneInfo) -> datetime | None:
    """Midnight at which a day that a form names begins; None for none, InstantUnreadable.

    A day of the first or the last year is none: another zone, or the day after it, would lie beyond what a calendar holds.
    """
    if not text:
        return None
    try:
        found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError as fault:
        raise InstantUnreadable(text=text) from fault
    if found.year in {MINYEAR, MAXYEAR}:
        raise InstantUnreadable(text=text)
    return found


async def posted(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form, without what surrounds them; empty for any other body. Of a field sent twice the last counts.

    Nothing under /api takes forms: what is sent there is not read here.
    """
    if request.url.path.startswith("/api/") or request.headers.get("content-type", "").split(";")[0].strip().lower() != FORM:
        return {}
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as fault:  # also bytes that are no UTF-8
        raise HTTPException(400) from fault
    return {name: value if name in SECRETS else value.strip() for name, value in pairs}
