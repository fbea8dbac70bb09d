"""What can be done to a draft, by kind: a planner's moves, taking them back, and what changes it as a whole."""

from enum import StrEnum

from gridmap.words import Lang, say


class MoveKind(StrEnum):
    """The kinds of rows in a draft's list of changes."""

    ASSIGN = "assign"
    BORDER = "border"
    SPLIT = "split"
    MERGE = "merge"
    PARENT = "parent"
    POST = "post"  # who is to stand at a cell once the draft is in force
    LOCK = "lock"  # a cell stays as it is
    UNLOCK = "unlock"
    MEND = "mend"  # the cells of one village, so that they tile it
    CUT = "cut"  # one village, anew
    UNDO = "undo"
    REDO = "redo"
    APPROVE = "approve"  # changes nothing: somebody stands for the draft as it is
    CHANGE = "change"  # an import, a cut of many: told, and not undone by a step

    def text(self, lang: Lang = "en") -> str:
        return say(f"move.{self}", lang)
