"""The words of an incident's life: where it stands, what can be done to it, and what that must bring along."""

from enum import StrEnum
from typing import Any

from gridmap.words import Lang, say


class State(StrEnum):
    """Where an incident stands. Triage is a person's queue: nothing that was accepted is ever lost."""

    TRIAGE = "triage"  # 待判: its place, type or office is for a person to say
    VERIFYING = "verifying"  # 核实: somebody looks whether it is so, before it is filed
    NOT_FILED = "not_filed"  # 不予立案
    FILED = "filed"  # 立案: it is to be dealt with, no office was asked yet
    DISPATCHED = "dispatched"  # 派遣
    ACKNOWLEDGED = "acknowledged"  # 签收
    IN_PROGRESS = "in_progress"  # 处置
    SUSPENDED = "suspended"  # 挂账
    RETURNED = "returned"  # 回退: the office says that it is not its matter
    HANDLED = "handled"  # 处置完毕: waits for the inspection
    INSPECTED = "inspected"  # 核查通过
    CLOSED = "closed"  # 结案
    VOIDED = "voided"  # 作废

    def text(self, lang: Lang = "en") -> str:
        return say(f"state.{self}", lang)


ENDED = frozenset({State.CLOSED, State.VOIDED})
OPEN_STATES = tuple(state for state in State if state not in ENDED)


class Evidence(StrEnum):
    """What a step must bring along."""

    REASON = "reason"
    PHOTO = "photo"
    OFFICE = "office"
    UNTIL = "until"
    TASK = "task"  # the number of a task within the incident
    GRADE = "grade"
    ISSUE = "issue"
    PLACE = "place"  # "lon,lat" in WGS84 degrees
    INTO = "into"  # the number of the incident that this one is a part of
    AGREEMENT = "agreement"  # 调解协议: a sealed file's name or an outside number, never the text
    SATISFIED = "satisfied"  # what the reporter said when called back

    def text(self, lang: Lang = "en") -> str:
        return say(f"evidence.{self}", lang)


class Step(StrEnum):
    """Everything that can be done to an incident."""

    ASK_VERIFY = "ask_verify"
    VERIFY = "verify"
    FILE = "file"
    DECLINE = "decline"
    DISPATCH = "dispatch"
    ACKNOWLEDGE = "acknowledge"
    START = "start"
    RETURN = "return"
    TRANSFER = "transfer"
    RULE = "rule"
    ELEVATE = "elevate"
    EXTEND = "extend"
    SUSPEND = "suspend"
    RESUME = "resume"
    ASSIST = "assist"
    INFORM = "inform"
    WHISTLE = "whistle"
    UPWARD = "upward"
    ARRIVE = "arrive"
    ANSWER = "answer"
    WITHDRAW = "withdraw"
    SUPERVISE = "supervise"
    RELEASE = "release"
    REGRADE = "regrade"
    RETYPE = "retype"
    RELOCATE = "relocate"
    REHOME = "rehome"
    MERGE = "merge"
    JOIN = "join"
    SPLIT = "split"
    SHED = "shed"
    HANDLE = "handle"
    SETTLE = "settle"
    INSPECT = "inspect"
    REWORK = "rework"
    REPLY = "reply"
    CLOSE = "close"
    VOID = "void"
    CALL_BACK = "call_back"
    REOPEN = "reopen"

    def text(self, lang: Lang = "en") -> str:
        return say(f"step.{self}", lang)


class TaskKind(StrEnum):
    """What an office is asked for beside the one that is responsible; named as the step that asks for it."""

    ASSIST = "assist"  # 联办: a part of the work, with a term of its own
    INFORM = "inform"  # 知会: a copy, no duty
    WHISTLE = "whistle"  # 吹哨报到: come to the spot
    UPWARD = "upward"  # 提请协调: the centre above coordinates, and must answer

    def text(self, lang: Lang = "en") -> str:
        return say(f"task.{self}", lang)


class Standing(StrEnum):
    """How far an office is with what it was asked for."""

    TOLD = "told"  # a copy: nothing is awaited
    AWAITED = "awaited"
    ARRIVED = "arrived"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"

    def text(self, lang: Lang = "en") -> str:
        return say(f"standing.{self}", lang)


class Satisfied(StrEnum):
    """What a reporter said when called back (满意, 基本满意, 不满意)."""

    YES = "yes"
    MOSTLY = "mostly"
    NO = "no"

    def text(self, lang: Lang = "en") -> str:
        return say(f"satisfied.{self}", lang)


class Template(StrEnum):
    """Which steps an incident's life has: a thing is repaired, a dispute is mediated."""

    REPAIR = "repair"
    DISPUTE = "dispute"

    def text(self, lang: Lang = "en") -> str:
        return say(f"template.{self}", lang)


class Listed(tuple[Any, ...]):
    """Steps or evidence, which say themselves in the reader's language one after the other."""

    def text(self, lang: Lang = "en") -> str:
        return ("、" if lang == "zh" else ", ").join(f"“{each.text(lang)}”" for each in self)
