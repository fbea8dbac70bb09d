"""What was ruled becomes rules: those that no rule of the register gives are written as its rows, for a person to accept."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gridmap.access import Action, Actor, allowed
from gridmap.catalogue import Rule
from gridmap.duty import Weekday
from gridmap.flows.learn_rules import RulesNotCsv
from gridmap.routing import Desks
from gridmap.routing.ruling import as_rule
from gridmap.store import Store, catalogues, offices, routed
from gridmap.store.routed import Ruled
from gridmap.tables import Register
from gridmap.tables.export import check_out, csv_lines, put_in_place

COLUMNS = (*Register.RULES.columns, "number", "ruled_at", "reason")


@dataclass(frozen=True, slots=True)
class Ruling:
    """A rule, and the ruling that it would have spared."""

    rule: Rule
    one: Ruled

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, under COLUMNS."""
        rule = asdict(self.rule) | {"by": str(self.rule.by)}
        return rule | {"number": self.one.number, "ruled_at": self.one.at.isoformat(), "reason": self.one.reason}


@dataclass(frozen=True, slots=True)
class Rulings:
    """What was found: of `read` rulings `known` are what routing does already; `unfit` have no place or type, or no rule could say them."""

    read: int
    known: int
    unfit: int
    rulings: tuple[Ruling, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        counts = {"read": self.read, "known": self.known, "unfit": self.unfit, "rules": len(self.rulings)}
        return {**counts, "rulings": [each.as_dict() for each in self.rulings]}


def propose_rulings(store: Store, out: Path, *, now: datetime, actor: Actor, force: bool = False) -> Rulings:
    """Write to `out`, whole or not at all, the rules that would have spared the rulings that the actor may see.

    Of several about one type in one village the last counts. RulesNotCsv, and what `check_out` refuses.
    """
    scope = allowed(actor, Action.INCIDENT_READ)
    if out.suffix.lower() != ".csv":
        raise RulesNotCsv(path=out)
    check_out(out, force=force)
    with store.read(scope) as tx:
        desks = Desks(catalogues.rules(tx), offices.all_(tx), offices.rota(tx))
        types = {issue.code: issue for issue in catalogues.issue_types(tx)}
        ruled = routed.ruled(tx)
    known = unfit = 0
    found: list[Ruling] = []
    for one in ruled:
        issue, on = types.get(one.issue), Weekday.of(one.received_at.astimezone(now.tzinfo))
        if issue is None or not one.path:
            unfit += 1
        elif desks.route(issue, one.path, on).office == one.office or _spoken(found, one):
            known += 1
        elif rule := as_rule(desks, issue, one.path, one.office, on):
            found.append(Ruling(rule, one))
            desks = replace(desks, rules=(*desks.rules, rule))
        else:
            unfit += 1
    with put_in_place(out) as beside, beside.open("w", encoding="utf-8", newline="") as text:
        text.writelines(csv_lines(COLUMNS, (each.as_dict() for each in found)))
    return Rulings(len(ruled), known, unfit, tuple(found))


def _spoken(found: list[Ruling], one: Ruled) -> bool:
    """Whether a later ruling, which comes first here, has spoken of this type in this place."""
    return any(each.one.issue == one.issue and each.rule.area in one.path for each in found)
