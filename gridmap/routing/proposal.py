"""Rules as history proposes them and a person accepts them: asked for a type and an area, they answer with an office and say why."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gridmap.catalogue import ANY, Rule
from gridmap.words import Sentence


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule, whether it may route without a person, and what it rests on.

    `support` past reports were of its type (in its area); `purity` is the share of them that went to `learned`, newer ones counting more,
    `lower` its lower bound. A rule that a person wrote, or gave to another office, rests on that person.
    """

    rule: Rule
    confident: bool = False
    learned: str = ""
    support: int | None = None
    purity: float | None = None
    lower: float | None = None

    @property
    def by_hand(self) -> bool:
        return self.rule.office != self.learned or not self.support or self.purity is None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules say to one report: the office ("" for none), whether it may go there without a person, and why, in sentences."""

    office: str
    confident: bool
    reasons: tuple[Sentence, ...]


@dataclass(frozen=True)
class RuleBook:
    """Accepted rules, ready to be asked many times. As in `Desks`, the area's rules come before those without one, then the lower rank."""

    proposals: Sequence[Proposal]

    @cached_property
    def _first(self) -> Mapping[tuple[str, str | None], Proposal]:
        found: dict[tuple[str, str | None], list[Proposal]] = defaultdict(list)
        for proposal in self.proposals:
            found[proposal.rule.issue, proposal.rule.area].append(proposal)
        return {key: min(several, key=_order) for key, several in found.items()}

    def areas(self) -> set[str]:
        """The areas that rules name."""
        return {proposal.rule.area for proposal in self.proposals if proposal.rule.area}

    def find(self, issue: str, area: str) -> Proposal | None:
        """The rule for this type in this area ("" for nowhere)."""
        for place in (area, None) if area else (None,):
            here = [self._first[name, place] for name in dict.fromkeys((issue, ANY)) if (name, place) in self._first]
            if here:
                return min(here, key=_order)
        return None

    def answer(self, issue: str, area: str) -> Answer:
        """The office for a report. Without an area nothing goes without a person: only the type speaks."""
        found = self.find(issue, area)
        confident = found is not None and found.confident and area != ""
        return Answer(found.rule.office if found else "", confident, tuple(_reasons(found, issue, area, confident=confident)))


def clashes(proposals: Iterable[tuple[int, Proposal]]) -> Iterator[tuple[int, int]]:
    """Numbered rows that speak of the same type, area and rank as one before: (the earlier, the later)."""
    first: dict[object, int] = {}
    for number, proposal in proposals:
        rule = proposal.rule
        earlier = first.setdefault((rule.issue, rule.area, rule.rank), number)
        if earlier != number:
            yield earlier, number


def _order(proposal: Proposal) -> tuple[int, str]:
    return proposal.rule.rank, proposal.rule.office


def _reasons(found: Proposal | None, issue: str, area: str, *, confident: bool) -> Iterator[Sentence]:
    if not issue:
        yield Sentence("reason.learned.untyped")
    if found is None:
        yield Sentence("reason.learned.none", {"issue": issue})
        return
    rule = found.rule
    facts = {"issue": rule.issue, "area": rule.area, "office": rule.office, "support": found.support}
    how = "hand" if found.by_hand else "seen"
    percent = "" if found.by_hand else f"{100 * (found.purity or 0):.1f}"
    yield Sentence(f"reason.learned.{how}.{'area' if rule.area else 'type'}", {**facts, "percent": percent})
    if not area:
        yield Sentence("reason.learned.unplaced")
    if not confident:
        yield Sentence("reason.learned.unsure")
