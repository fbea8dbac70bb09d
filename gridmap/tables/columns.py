"""What each table has for columns, by our names; `column.<name>` in words/ holds the headers that stand for them."""

from enum import StrEnum


class Register(StrEnum):
    """A list that a county keeps and imports again each year."""

    WORKERS = "workers"
    POSTS = "posts"
    OFFICES = "offices"
    ISSUE_TYPES = "issue-types"
    RULES = "rules"
    CALENDAR = "calendar"
    LEAVE = "leave"
    ROTA = "rota"

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read; others are told and left."""
        return _COLUMNS[self]

    @property
    def needed(self) -> tuple[str, ...]:
        """Those that the file cannot lack."""
        return _NEEDED[self]


_COLUMNS = {
    Register.WORKERS: ("id", "name", "name_en", "phone"),
    Register.POSTS: ("worker", "area", "duty", "since", "until"),
    Register.OFFICES: ("code", "name", "name_en", "kind", "area", "phone"),
    Register.ISSUE_TYPES: ("code", "group", "group_en", "kind", "name", "name_en", "limit", "grade", "subject_first"),
    Register.RULES: ("office", "issue", "by", "level", "area", "rank"),
    Register.CALENDAR: ("kind", "since", "until", "hours"),
    Register.LEAVE: ("worker", "since", "until"),
    Register.ROTA: ("weekday", "office"),
}
_NEEDED = {
    Register.WORKERS: ("id", "name"),
    Register.POSTS: ("worker", "area"),
    Register.OFFICES: ("code", "name", "kind"),
    Register.ISSUE_TYPES: ("code", "group", "kind", "name", "limit"),
    Register.RULES: ("office", "issue", "by"),
    Register.CALENDAR: ("kind",),
    Register.LEAVE: ("worker",),
    Register.ROTA: ("weekday", "office"),
}
REPORT_COLUMNS = (
    "lon", "lat", "datum", "accuracy_m", "issue", "text", "place", "at", "channel", "sender", "sender_number", "key", "contact",
)  # fmt: skip
