"""What is fixed about the made-up county: its name, its place, its eleven townships and how many households live where.

格图 (Getu, "grid map") names no county, and province 99 does not exist: the division codes in use begin with 11 to 15, 21 to 23, 31 to
37, 41 to 46, 50 to 54, 61 to 65, 71, 81 and 82 (GB/T 2260). The land is put into the empty middle of the Tengger desert, so that no
real village can be mistaken for one of these. The digits below the county follow the statistical code's own rules: the seventh tells a
subdistrict (0), a town (1), a township (2) and a park (4); a village's last three begin at 001 for communities and at 200 for villages.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CODE = "990121"
NAME = "格图县"
NAME_EN = "Getu County"
LON, LAT = 104.9, 38.3
"""The county town's bridge."""
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class TownshipPlan:
    """One township before the land is drawn: `x`, `y` metres from the county town's bridge, the river flowing along x."""

    number: str
    name: str
    name_en: str
    x: float
    y: float
    communities: int
    villages: int

    @property
    def code(self) -> str:
        return CODE + self.number

    @property
    def urban(self) -> bool:
        """Whether it is one of the county town's two subdistricts."""
        return self.number.startswith("0")

    @property
    def park(self) -> bool:
        return self.number.startswith("4")


TOWNSHIPS = (
    TownshipPlan("001", "云津街道", "Yunjin Subdistrict", 0, 1400, 6, 3),
    TownshipPlan("002", "河阳街道", "Heyang Subdistrict", 0, -1400, 6, 3),
    TownshipPlan("100", "石梁镇", "Shiliang Town", -6600, 700, 2, 7),
    TownshipPlan("101", "柳湾镇", "Liuwan Town", 7300, -1300, 1, 7),
    TownshipPlan("102", "双桥镇", "Shuangqiao Town", -4600, -5300, 1, 7),
    TownshipPlan("103", "枫岭镇", "Fengling Town", 500, 6900, 1, 6),
    TownshipPlan("200", "麦田乡", "Maitian Township", 700, -7300, 0, 7),
    TownshipPlan("201", "白鹿乡", "Bailu Township", -5200, 6600, 0, 6),
    TownshipPlan("202", "竹坪乡", "Zhuping Township", 5700, 5600, 0, 6),
    TownshipPlan("203", "茶山乡", "Chashan Township", 6000, -6700, 0, 5),
    TownshipPlan("400", "格图产业园", "Getu Industrial Park", 3600, 1700, 1, 5),
)

URBAN_HOUSEHOLDS = 620
TOWN_HOUSEHOLDS = 430
PARK_HOUSEHOLDS = 320
VILLAGE_HOUSEHOLDS = 240
COUNTY_HOUSEHOLDS = 24_650
"""Households of a community of the county town, of a town's, of the park's, and of a village: the middle of the range; and of all."""
