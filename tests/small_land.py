"""A land that fits in the head: one township of two villages side by side; the west one has four cells, the east one none.

lon 113.00      113.02      113.04
lat 28.02  c003 | c004 |
           -----+------|  east village (not cut)
lat 28.00  c001 | c002 |
"""

from datetime import UTC, datetime

from shapely import box

from gridmap.catalogue import By, Grade, IssueType, Kind, Limit, Rule
from gridmap.duty import Duty, Office, OfficeKind, Post, Worker
from gridmap.grid import Area, Level
from gridmap.store import Store, catalogues, editions, offices, people
from tests.builders import ALL

TOWN, WEST, EAST = "430102001", "430102001001", "430102001002"
CELLS = tuple(f"{WEST}{n:03}" for n in range(1, 5))
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)

AREAS = (
    Area(TOWN, Level.TOWNSHIP, "河东镇", None, box(113.0, 28.0, 113.04, 28.02), "Hedong"),
    Area(WEST, Level.VILLAGE, "西村", TOWN, box(113.0, 28.0, 113.02, 28.02), "West Village"),
    Area(EAST, Level.VILLAGE, "东村", TOWN, box(113.02, 28.0, 113.04, 28.02), "East Village"),
    *(
        Area(code, Level.CELL, f"第{n + 1}网格", WEST, box(lon, lat, lon + 0.01, lat + 0.01), f"Cell {n + 1}")
        for n, (code, lon, lat) in enumerate(zip(CELLS, (113.0, 113.01) * 2, (28.0, 28.0, 28.01, 28.01), strict=True))
    ),
)
IN_CELL_1, IN_EAST, OUTSIDE = (113.005, 28.005), (113.03, 28.01), (113.05, 28.01)

ROAD = IssueType("E0113", "E01", Kind.EVENT, "道路破损", Limit.parse("5 WD"), "Damaged road", grade=Grade.COMPLEX)
QUARREL = IssueType("D02", "D", Kind.DISPUTE, "邻里纠纷", Limit.parse("3 WD"), "Quarrel between neighbours")
MANHOLE = IssueType("C0101", "C01", Kind.COMPONENT, "上水井盖", Limit.parse("2 UH"), "Water manhole")
TYPES = (ROAD, QUARREL, MANHOLE)

OFFICES = (
    Office("C0", "县综治中心", OfficeKind.CENTRE, None, "0700", "County centre"),
    Office("CT", "河东镇综治中心", OfficeKind.CENTRE, TOWN, "0701", "Hedong centre"),
    Office("CW", "西村综治中心", OfficeKind.CENTRE, WEST, "0702", "West Village centre"),
    Office("ROADS", "城市管理局", OfficeKind.DEPARTMENT, None, "0710", "Urban management"),
    Office("WATER", "供水公司", OfficeKind.OWNER, None, "0711", "Water company"),
)
RULES = (
    Rule("ROADS", "E01", By.SUBJECT),
    Rule("WATER", "C0101", By.OWNER),
    Rule("*", "D", By.TERRITORY, level="village"),
)
WORKERS = tuple(Worker(f"W{n}", f"网格员甲{n:02}", f"0700-{n}", f"Worker A{n:02}") for n in range(1, 7))
POSTS = (
    *(Post(f"W{n + 1}", code, Duty.WORKER, LONG_AGO) for n, code in enumerate(CELLS)),
    Post("W5", CELLS[0], Duty.BACKUP, LONG_AGO),
    Post("W6", TOWN, Duty.LEADER, LONG_AGO),
)


def settle(store: Store) -> None:
    """Put the whole land into a store: edition 1 in force long before NOW, registers, posts."""
    with store.begin(ALL) as tx:
        editions.add(tx, AREAS, in_force_from=LONG_AGO, recorded_at=LONG_AGO)
        offices.put(tx, OFFICES)
        catalogues.put_issue_types(tx, TYPES)
        catalogues.put_rules(tx, RULES)
        people.put_workers(tx, WORKERS)
        people.put_posts(tx, POSTS)
