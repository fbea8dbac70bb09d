"""`gridmap incident nearby`, `merge` and `split`, as they are typed."""

from gridmap.access import operator
from gridmap.flows.intake import receive
from gridmap.store import Store
from tests.small_land import NOW
from tests.store.test_commands_incidents import NUMBER, ROAD, Typed, typed

__all__ = ["typed"]
OTHER = "2026-000002"


def test_what_lies_beside_is_shown_merged_and_taken_apart_again(typed: Typed) -> None:
    assert typed("nearby", NUMBER).out == "No incident.\n"
    with Store.open("sqlite:///gridmap.db") as store:
        receive(store, ROAD, now=NOW, actor=operator("intake"))
    assert typed("nearby", NUMBER).out.startswith(f"{OTHER}  Dispatched  0 m  ")
    assert typed("nearby", NUMBER, "--json").answer["incidents"][0]["distance_m"] == 0
    assert typed("merge", NUMBER, OTHER, "--into-revision", "7").code == 1
    assert typed("merge", OTHER, NUMBER, "--reason", "one hole").out == f"{OTHER} is a part of {NUMBER} now, with 1 reports.\n"
    assert "report" not in {name for row in typed("show", NUMBER, "--json").answer["log"][1:] for name in row["facts"]}
    assert typed("split", OTHER, "--reason", "two holes", "--revision", "2", "--json").answer == {
        "incident": OTHER, "state": "filed", "revision": 3, "into": NUMBER, "into_revision": 3, "reports": 1,
    }  # fmt: skip
