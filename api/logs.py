"""The service's own log: one JSON object a line on the standard error, where whoever runs it collects it.

What was done is in the history, in the database; here is what failed, and who was refused. No body, no query, no token, no contact.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The id of the request that is answered here, also in the thread that answers it: its answer bears it as X-Request-Id."""


class Line(logging.Formatter):
    """At (UTC), how grave, from where, what, of which request, and the traceback of a fault. JSON keeps every line one line."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        if request := REQUEST.get():
            told["request"] = request
        if record.exc_info:
            told["fault"] = self.formatException(record.exc_info)
        return json.dumps(told)


def write() -> None:
    """From now on every warning and error of this process goes to the standard error, also those of the libraries."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(Line())
    logging.basicConfig(level=logging.WARNING, handlers=[lines], force=True)
    logging.captureWarnings(True)
