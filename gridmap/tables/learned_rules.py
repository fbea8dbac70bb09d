"""Rules learned from history as a CSV: the columns of the register of rules, which takes it as it is, and what each rule rests on."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gridmap.catalogue import ANY
from gridmap.errors import BadInput
from gridmap.routing import Proposal, clashes
from gridmap.tables.columns import Register
from gridmap.tables.export import csv_lines, unformula
from gridmap.tables.files import read_sheet
from gridmap.tables.headers import find_header
from gridmap.tables.registers import Cells, read_rule
from gridmap.tables.rows import Rejected, Row
from gridmap.tables.values import Fault, read_flag, read_number, read_whole
from gridmap.words import Lang, Sentence

COLUMNS = (*Register.RULES.columns, "confident", "learned", "support", "purity", "lower")
NEEDED = (*Register.RULES.needed, "confident")
MOST_SUPPORT = 10**6 - 1  # what a whole number of a table can be


class RulesFaulty(BadInput):
    """Rows of a file of rules that cannot be obeyed; facts: path, count, row, reason (of the first). `rejected` carries all."""

    def __init__(self, rejected: Sequence[Rejected], **facts: object) -> None:
        super().__init__(**facts)
        self.rejected = rejected

    def as_dict(self, lang: Lang = "en") -> dict[str, object]:
        return {**super().as_dict(lang), "rows": [one.as_dict(lang) for one in self.rejected]}


def rules_lines(proposals: Iterable[Proposal]) -> Iterator[str]:
    """The rules as lines of a CSV for any spreadsheet."""
    return csv_lines(COLUMNS, map(_cells, proposals))


def _cells(proposal: Proposal) -> dict[str, str | int | None]:
    rule = proposal.rule
    purity, lower = ("" if share is None else f"{share:.4f}" for share in (proposal.purity, proposal.lower))
    return {
        "office": rule.office, "issue": rule.issue, "by": str(rule.by), "level": rule.level, "area": rule.area, "rank": rule.rank,
        "confident": "true" if proposal.confident else "false", "learned": proposal.learned,
        "support": None if proposal.support is None else min(proposal.support, MOST_SUPPORT), "purity": purity, "lower": lower,
    }  # fmt: skip


def read_rules(path: Path) -> tuple[Proposal, ...]:
    """The rules of a file, edited or not; RulesFaulty where one cannot be obeyed, and what `read_sheet` and `find_header` refuse."""
    sheet = find_header(read_sheet(path), COLUMNS, NEEDED)
    good: list[tuple[Row, Proposal]] = []
    rejected: list[Rejected] = []
    for row in sheet.rows:
        try:
            good.append((row, _proposal(_Given(sheet, row))))
        except Fault as fault:
            rejected.append(Rejected(row, (fault.sentence,)))
    rows = {row.number: row for row, _ in good}
    for earlier, later in clashes((row.number, one) for row, one in good):
        rejected.append(Rejected(rows[later], (Sentence("reason.row.rule_clash", {"row": earlier}),)))
    if rejected:
        first = min(rejected, key=lambda one: one.row.number)
        raise RulesFaulty(rejected, path=path, count=len(rejected), row=first.row.number, reason=first.reasons[0])
    return tuple(proposal for _, proposal in good)


def _proposal(row: Cells) -> Proposal:
    rule = read_rule(row)
    if rule.office == ANY:
        raise Fault("rule_any_office")
    support = read_whole(row.text("support"), "support", 0) or None
    purity, lower = (read_number(row.text(column), column) for column in ("purity", "lower"))
    return Proposal(rule, read_flag(row.must("confident"), "confident"), row.text("learned"), support, purity, lower)


class _Given(Cells):
    """Cells as they were before `unformula` kept a spreadsheet from running them."""

    def text(self, column: str) -> str:
        text = super().text(column)
        return text[1:] if text.startswith("'") and unformula(text[1:]) == text else text
