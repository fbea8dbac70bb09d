"""What a page's form sends: fields as text, read with the standard library."""

from urllib.parse import parse_qsl

from fastapi import Request
from starlette.exceptions import HTTPException

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 50
SECRETS = frozenset({"password", "again", "old"})  # a space is as good a character as any other


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
