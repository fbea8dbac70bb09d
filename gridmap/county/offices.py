"""The county's offices: a service centre for it and each of its areas, beside the departments and owners that every county starts with."""

from collections.abc import Sequence
from dataclasses import replace

from gridmap import catalogue_default
from gridmap.county.plan import CODE, NAME, NAME_EN
from gridmap.duty import Office, OfficeKind
from gridmap.grid import Area

CENTRE = "综治中心"
CENTRE_EN = "Service Centre"


def county_offices(areas: Sequence[Area]) -> tuple[Office, ...]:
    """The county's centre, one per area, then the default departments and owners; their phones are plainly made up (000 dials nowhere)."""
    centres = [Office(f"centre-{CODE}", NAME + CENTRE, OfficeKind.CENTRE, name_en=f"{NAME_EN} {CENTRE_EN}")]
    centres += [
        Office(f"centre-{area.code}", area.name + CENTRE, OfficeKind.CENTRE, area.code, name_en=f"{area.name_en} {CENTRE_EN}")
        for area in areas
    ]
    everyone = (*centres, *catalogue_default.offices())
    return tuple(replace(office, phone=phone(1, number)) for number, office in enumerate(everyone, start=1))


def phone(series: int, number: int) -> str:
    """A service phone that cannot be anyone's."""
    return f"000-{series:04d}-{number:04d}"
