"""The names behind the codes that grants and posts bear, and back: what somebody chose from a list, or typed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from gridmap.duty import Office, Worker
from gridmap.errors import AreaMissing, NoEditionInForce
from gridmap.flows.grants import OfficeMissing
from gridmap.grid import Area, Edition, Level
from gridmap.store import Store, Tx, offices, people
from gridmap.words import Lang


@dataclass(frozen=True)
class Places:
    """Areas, offices and workers by code, as they are called in the reader's language."""

    lang: Lang
    edition: Edition | None
    offices: Mapping[str, Office]
    workers: Mapping[str, Worker]

    @classmethod
    def read(cls, store: Store, tx: Tx, lang: Lang, now: datetime) -> "Places":
        """Those of the edition in force and of the registers."""
        try:
            edition = store.edition_in_force(tx, now)
        except NoEditionInForce:
            edition = None
        return cls(lang, edition, {each.code: each for each in offices.all_(tx)}, {each.id: each for each in people.workers(tx)})

    def area(self, code: str) -> str:
        """The name of the area and of the one around it; an area of an older edition is called by its code."""
        path = [each.name_in(self.lang) for each in self._path(code)]
        return " · ".join(path[-2:]) or code

    def level(self, code: str) -> Level | None:
        area = self._areas.get(code)
        return area.level if area else None

    def lies_in(self, code: str, around: str) -> bool:
        """Whether the area is `around` or lies in it."""
        return code == around or any(each.code == around for each in self._path(code))

    def office(self, code: str) -> str:
        return self._called(self.offices.get(code), code)

    def worker(self, id: str) -> str:
        return self._called(self.workers.get(id), id)

    @cached_property
    def area_choices(self) -> list[str]:
        """Townships and villages as a list offers them; a cell's code can be typed as well."""
        offered = [area for area in self._areas.values() if area.level is not Level.CELL]
        return [f"{area.code} {self.area(area.code)}" for area in offered]

    @cached_property
    def office_choices(self) -> list[str]:
        return [f"{code} {self.office(code)}" for code in self.offices]

    @cached_property
    def worker_choices(self) -> list[str]:
        return [f"{id} {self.worker(id)}" for id in self.workers]

    def area_of(self, chosen: str) -> str | None:
        """The code in what was chosen or typed, a name that only one area has among it; None for nothing, AreaMissing."""
        if not chosen:
            return None
        code = _code(chosen, self._areas, ((area.code, (area.name, area.name_en)) for area in self._areas.values()))
        if code is None:
            raise AreaMissing(code=chosen, edition=self.edition.number if self.edition else "-")
        return code

    def office_of(self, chosen: str) -> str | None:
        """The code in what was chosen or typed; None for nothing, OfficeMissing."""
        if not chosen:
            return None
        code = _code(chosen, self.offices, ((each.code, (each.name, each.name_en)) for each in self.offices.values()))
        if code is None:
            raise OfficeMissing(office=chosen)
        return code

    def worker_of(self, chosen: str) -> str | None:
        """The id in what was chosen, or what was typed as it is; None for nothing."""
        found = _code(chosen, self.workers, ((each.id, (each.name, each.name_en)) for each in self.workers.values()))
        return found or chosen or None

    @cached_property
    def _areas(self) -> Mapping[str, Area]:
        return self.edition.by_code if self.edition else {}

    def _path(self, code: str) -> tuple[Area, ...]:
        return self.edition.path(code) if self.edition and code in self.edition.by_code else ()

    def _called(self, found: Office | Worker | None, code: str) -> str:
        if found is None:
            return code
        return found.name_en if self.lang == "en" and found.name_en else found.name


def _code(chosen: str, known: Mapping[str, object], named: Iterable[tuple[str, tuple[str, ...]]]) -> str | None:
    """The code that `chosen` is, begins with, or is the only name of."""
    first = next(iter(chosen.split(maxsplit=1)), "")
    for code in (chosen, first):
        if code in known:
            return code
    found = [code for code, names in named if chosen in names]
    return found[0] if len(found) == 1 else None
