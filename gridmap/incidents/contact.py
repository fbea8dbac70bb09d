"""How the reporter can be asked back: a phone, a mail address, whatever was given. Masked for most, and kept for a term only."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

# As long as the slowest matter may take (routine ones: weeks, complex ones: months). Whoever is still needed then is asked anew.
KEPT_FROM_RECEIPT = timedelta(days=180)
# For a return call, and for the complaint that it was not settled after all.
KEPT_FROM_CLOSING = timedelta(days=30)

HIDDEN = "****"
MOST_SHOWN = 4  # letters
SHARE_SHOWN = 3  # never more than one in three

_MAIL = re.compile(r"([^@\s])[^@\s]*@[^@\s]*\.([^@\s.]+)")
_PHONE = re.compile(r"\d(?:[-\s().]{0,2}\d){5,}", re.ASCII)  # six digits and more


@dataclass(frozen=True, slots=True)
class MaskedContact:
    """What most of the staff see of a report's contact, while it is kept."""

    report: str
    masked: str
    kept_until: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """A report's contact in full. It does not show itself in a log or a traceback."""

    report: str
    contact: str
    kept_until: datetime

    def __repr__(self) -> str:
        return f"Contact({self.report!r})"


def masked(contact: str) -> str:
    """Enough to tell two reporters apart, too little to reach one: `****678`, `z***@***.cn`; anything else, a name too, is `****`.

    Never more than a third of the letters is shown, and never more than four; how long it is cannot be seen.
    """
    if mail := _MAIL.fullmatch(contact.strip()):
        shown = f"{mail[1]}***@***.{mail[2]}"
        return shown if 1 + len(mail[2]) <= _most(len(mail[0])) else HIDDEN
    if phone := _PHONE.search(contact):
        digits = re.sub(r"\D", "", phone[0])
        return HIDDEN + digits[-_most(len(digits)) :]
    return HIDDEN


def _most(length: int) -> int:
    return min(MOST_SHOWN, length // SHARE_SHOWN)
