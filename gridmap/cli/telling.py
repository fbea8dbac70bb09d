"""An incident in plain words, for a terminal: names behind its codes, where it is and why it waits, and each step of its log."""

from typing import TYPE_CHECKING

from gridmap.cli.door import LANG, local, words
from gridmap.words import say, texts

if TYPE_CHECKING:
    from gridmap.incidents import Incident
    from gridmap.store import Store, Tx
    from gridmap.store.incidents import LogRow


class Names:
    """The names behind codes, each with its code, as one transaction reads them."""

    def __init__(self, store: "Store", tx: "Tx") -> None:
        from gridmap.store import catalogues  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

        self._store, self._tx = store, tx
        self._issues = {issue.code: issue.name_in(LANG) for issue in catalogues.issue_types(tx)}
        self._offices: dict[str, str] = {}

    def issue(self, code: str) -> str:
        """The type's name; a code that the catalogue does not know as it was sent."""
        return self._issues.get(code, code)

    def office(self, code: str) -> str:
        from gridmap.store import offices  # noqa: PLC0415 (as above)

        if code not in self._offices:
            found = offices.get(self._tx, code)
            self._offices[code] = _named(code, found.name, found.name_en) if found else code
        return self._offices[code]

    def worker(self, id: str) -> str:
        from gridmap.store import people  # noqa: PLC0415 (as above)

        found = people.worker(self._tx, id)
        return _named(id, found.name, found.name_en) if found else id

    def where(self, one: "Incident") -> str:
        """The smallest area that it lies in, as its own edition calls it; nothing where it has none."""
        code = one.cell or one.village or one.township
        if code is None or one.edition is None:
            return code or ""
        area = self._store.edition(self._tx, one.edition).area(code)
        return _named(code, area.name, area.name_en)


def _named(code: str, name: str, name_en: str) -> str:
    return f"{name_en if LANG == 'en' and name_en else name} ({code})"


def labelled(label: str, value: str) -> str:
    return f"{label}{words('cli.colon')}{value}"


def logged(row: "LogRow", one: "Incident", names: Names) -> str:
    """The row of its log: when, who, what, where it led, what came along, and why; without the report's id, as everywhere."""
    from gridmap.incidents.telling import WHY, facts_told  # noqa: PLC0415 (as above)

    what = texts(LANG).get(f"history.{row.what}", row.what)
    state = f"→ {say(f'state.{row.to_state}', LANG)}" if row.to_state and row.to_state != row.from_state else ""
    why = next((words("cli.quoted", text=row.facts[name]) for name in WHY if row.facts.get(name)), "")
    facts = (labelled(label, said if isinstance(said, str) else local(said)) for label, said in facts_told(row.facts, one, names, LANG))
    return "  ".join(filter(None, (f"  {local(row.at)}", row.actor, what, state, *facts, why)))
