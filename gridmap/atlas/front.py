"""The cover of an atlas: what it is, of which edition, whom to call, and where each village is found."""

from collections.abc import Mapping, Sequence

from gridmap.atlas.beside import contact
from gridmap.atlas.choices import Page
from gridmap.atlas.lists import HEAD, list_layout
from gridmap.atlas.paper import Box
from gridmap.atlas.subject import Place
from gridmap.atlas.theme import Set

FIRST_ROW = 0.42
TALL = 7.4
"""Where the contents begin, as a share of the page."""


def cover(made: Set, township: Place, villages: Sequence[Place], numbers: Mapping[str, str]) -> Page:
    """Title, edition, the service centre, emergency numbers, and the villages with their first sheet."""
    choices, stamp, layout = made.choices, made.plane.subject.stamp, list_layout(made.choices.paper)
    f = layout.factor
    content = Box(0, 0, layout.width, layout.height).inset(layout.margin)
    since = stamp.in_force_from.strftime("%Y-%m-%d %H:%M") if stamp else ""
    rows = [
        [
            {"t": text, "s": 10.5 * f}
            for text in (
                each.name_in(choices.main),
                str(len(made.plane.subject.plots_of.get(each.code, ()))),
                each.phone,
                numbers[each.code],
            )
        ]
        for each in villages
    ]
    columns = [("village", 2.4, "left"), ("cells", 0.8, "right"), ("centre_phone", 2, "left"), ("sheet", 0.8, "right")]
    fit = max(1, int((content.bottom - 14 * f - layout.height * FIRST_ROW - HEAD * f) / (TALL * f)))
    blocks = [rows[at : at + fit] for at in range(0, len(rows), fit)] or [[]]
    data = {
        "width": layout.width, "height": layout.height, "f": f, "content": content.as_dict(), "top": layout.height * FIRST_ROW,
        "head": HEAD, "row": TALL,
        "title": choices.say("atlas.title_atlas", name=township),
        "edition": choices.say("atlas.edition", number=stamp.number, since=since) if stamp else [],
        "stamp": None if choices.public else choices.say("atlas.internal"),
        "contact": contact(township, choices),
        "emergency": choices.say("atlas.emergency"),
        "columns": [{"t": choices.say(f"atlas.column.{name}"), "share": share, "align": align} for name, share, align in columns],
        "blocks": blocks, "seal": [],
        "printed": choices.say("atlas.printed", at=choices.printed.strftime("%Y-%m-%d %H:%M")) if choices.printed else [],
    }  # fmt: skip
    return Page("cover", township.code, data)
