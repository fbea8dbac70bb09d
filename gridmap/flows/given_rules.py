"""Rules that are tried and not kept: rows as the register of rules has them, and each must be one that the register would take."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from gridmap.catalogue import Rule
from gridmap.errors import BadInput, TableEmpty
from gridmap.flows.import_register import read_known
from gridmap.flows.register_checks import check_rules
from gridmap.store import Store, Tx
from gridmap.tables import Register
from gridmap.tables.registers import read_register
from gridmap.tables.rows import Rejected, Row
from gridmap.words import Lang

MOST = 100_000
"""Rules in one request or file; a county has some hundreds."""


class RulesUnusable(BadInput):
    """Some rows are no rules of this county; facts: count, row, first. `rejected` carries every row and reason."""

    def __init__(self, rejected: Sequence[Rejected]) -> None:
        super().__init__(count=len(rejected), row=rejected[0].row.number, first=rejected[0].reasons[0])
        self.rejected = tuple(rejected)

    def as_dict(self, lang: Lang = "en") -> dict[str, Any]:
        return {**super().as_dict(lang), "rows": [one.as_dict(lang) for one in self.rejected]}


def read_rules(path: Path, zone: ZoneInfo, now: datetime) -> tuple[Rule, ...]:
    """The rules of a file, as `gridmap import rules` reads it. RulesUnusable, TableEmpty, and what reading a register refuses."""
    parsed = read_register(Register.RULES, path, zone, now)
    if not parsed.read:
        raise TableEmpty(path=str(path))
    if parsed.rejected:
        raise RulesUnusable(parsed.rejected)
    return tuple(cast(Rule, rule) for _, rule in parsed.good)


def check_given(store: Store, tx: Tx, rules: Sequence[Rule], now: datetime) -> None:
    """RulesUnusable where a rule names an office or a type that no register has, or comes twice. Rows are numbered from 1."""
    rows = [(Row(number, (rule.office, rule.issue)), rule) for number, rule in enumerate(rules, start=1)]
    checked = check_rules(rows, read_known(store, tx, now))
    if checked.rejected:
        raise RulesUnusable(checked.rejected)
