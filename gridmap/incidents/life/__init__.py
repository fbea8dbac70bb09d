"""An incident's life: its states, and the steps between them, as rows.

A step names the states that it leads from, the one that it leads to, the action that whoever takes it must be allowed (`gridmap.access`),
and the evidence that it needs. `take` makes of a life and a step the life after it, or refuses with the sentence why; `replay` makes of
the steps that were kept the life as it stands. Nothing else changes a life.

The national flow is 受理-立案-派遣-处置-核查-结案 (accepted, filed, dispatched, handled, inspected, closed); beside it 回退, 延期, 挂账,
返工 and 作废. 核实 (here: verify) is before filing, 核查 (inspect) after handling; whoever handles neither inspects nor closes (监管分离),
except who settles it on the spot with a photo (自处理), of which a share is inspected by another. One office is responsible (责任主体唯一);
others are asked for tasks beside it (联办, 知会, 吹哨报到, 提请协调), and 督办 is a flag with a supervisor and a date, no way of its own.
"""

from gridmap.incidents.life.living import (
    RULED_AFTER,
    TIERS,
    EvidenceMissing,
    EvidenceUnfit,
    HandledByYou,
    LastTier,
    Life,
    NotCalled,
    ReplyMissing,
    RulingNeeded,
    StepImpossible,
    Task,
    TaskMissing,
    TasksOwed,
    barred,
    open_to,
    possible,
    replay,
    take,
)
from gridmap.incidents.life.states import ENDED, OPEN_STATES, Evidence, Listed, Satisfied, Standing, State, Step, TaskKind, Template
from gridmap.incidents.life.steps import ACTIONS, HALVES, ROWS, STEPS, TEMPLATES, Row
from gridmap.incidents.life.taken import LONGEST, EvidenceTooLong, Taken

__all__ = [
    "ACTIONS", "ENDED", "HALVES", "LONGEST", "OPEN_STATES", "ROWS", "RULED_AFTER", "STEPS", "TEMPLATES", "TIERS", "Evidence",
    "EvidenceMissing", "EvidenceTooLong", "EvidenceUnfit", "HandledByYou", "LastTier", "Life", "Listed", "NotCalled", "ReplyMissing",
    "Row", "RulingNeeded", "Satisfied", "Standing", "State", "Step", "StepImpossible", "Taken", "Task", "TaskKind", "TaskMissing",
    "TasksOwed",
    "Template", "barred", "open_to", "possible", "replay", "take",
]  # fmt: skip
