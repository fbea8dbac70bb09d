"""One managed matter; how far it came is its life (`gridmap.incidents.life`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Self

from gridmap.catalogue import Grade, Urgency
from gridmap.incidents.life import Life, Satisfied, State, Task, Template
from gridmap.incidents.report import Channel
from gridmap.words import Sentence

FOR_A_PERSON = frozenset(
    f"reason.{why}"
    for why in (
        "issue.unknown", "match.outside", "duty.nobody", "route.nobody",
        "point.coarse", "point.exchanged", "point.none", "point.off_globe", "point.zero",
    )
)  # fmt: skip
"""Why an incident waits in triage: what only a person can settle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One managed matter. It keeps the edition and path that it was matched in, for ever; codes of township, village, cell or None.

    `lon`, `lat` are WGS84 degrees, None where the report had no usable point. `reasons` say how each answer was found. What is counted
    from `revision` on, with state, grade and office, is its life. `onward` is the office that it goes to unless the window settles it the
    same day; `homed_in` the last edition that it was held against; `due_at` is when the `clock` that presses is due, None while none runs.
    """

    id: str
    number: str
    state: State
    issue: str
    channel: Channel
    at: datetime
    recorded_at: datetime
    grade: Grade
    urgency: Urgency
    text: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    edition: int | None = None
    township: str | None = None
    village: str | None = None
    cell: str | None = None
    worker: str | None = None
    backup: str | None = None
    office: str | None = None
    how: str | None = None
    distance_m: float | None = None
    border_m: float | None = None
    candidates: tuple[Mapping[str, Any], ...] = ()
    reasons: tuple[Sentence, ...] = field(default=())
    revision: int = 1
    template: Template = Template.REPAIR
    keeper: str | None = None
    contact_left: bool = False
    replied: bool = False
    returns: int = 0
    reworks: int = 0
    reopened: int = 0
    tier: int = 1
    handled_by: str | None = None
    settled: bool = False
    supervised_by: str | None = None
    supervised_until: datetime | None = None
    satisfied: Satisfied | None = None
    merged_into: str | None = None
    tasks: tuple[Task, ...] = ()
    onward: str | None = None
    homed_in: int | None = None
    due_at: datetime | None = None
    clock: str | None = None

    @property
    def life(self) -> Life:
        """How far it came."""
        return Life(incident=self.number, **{name: getattr(self, name) for name in OF_LIFE})

    def is_overdue(self, now: datetime) -> bool:
        """Whether the clock that presses was due before `now`; the last instant is in time."""
        return self.due_at is not None and self.due_at < now

    @property
    def for_a_person(self) -> Sentence | None:
        """Why it waits in triage, where it does."""
        return next((why for why in self.reasons if why.key in FOR_A_PERSON), None) if self.state is State.TRIAGE else None

    @property
    def asked(self) -> tuple[str, ...]:
        """The offices that were asked for a task, or told, and are still to see it."""
        return tuple(sorted({task.office for task in self.tasks if not task.withdrawn}))

    @property
    def owed(self) -> int:
        """About how many of its tasks other offices still owe an answer."""
        return sum(task.owed for task in self.tasks)

    def living(self, life: Life) -> Self:
        """The same incident with this life."""
        return replace(self, **{name: getattr(life, name) for name in OF_LIFE})


OF_LIFE = tuple(each.name for each in fields(Life) if each.name != "incident")
IN_ROW = tuple(name for name in OF_LIFE if name != "tasks")
"""What an incident has of its life, under the same names, and what of it stands in its own row: tasks have a table."""
OF_PLACE = ("issue", "urgency", "lon", "lat", "edition", "township", "village", "cell", "worker", "backup", "how", "distance_m", "border_m",
            "candidates", "reasons", "homed_in")  # fmt: skip
"""What is found anew when its type, its pin or the land is another."""
OF_CLOCKS = ("due_at", "clock")
"""What it has of its clocks, so that lists find what presses."""
