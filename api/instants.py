"""Instants as they come in: ISO 8601 text, and nothing that would have to be guessed."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

_ISO = re.compile(r"\d{4}-\d\d-\d\d")


def _written(given: object) -> object:
    """The library would also take 0.5 and 1e9, as seconds since 1970 or, where there are many, as milliseconds."""
    if isinstance(given, datetime) or (isinstance(given, str) and _ISO.match(given.strip())):
        return given
    raise PydanticCustomError("datetime_parsing", "no instant")


Instant = Annotated[datetime, BeforeValidator(_written)]
AwareInstant = Annotated[AwareDatetime, BeforeValidator(_written)]
"""With its time zone."""
