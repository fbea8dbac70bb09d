"""The catalogue that a county starts from, put into its registers."""

from dataclasses import dataclass
from datetime import datetime

from gridmap import catalogue_default
from gridmap.access import Action, Actor, allowed
from gridmap.errors import Conflict
from gridmap.store import Store, catalogues, history, offices


class CatalogueThere(Conflict):
    """The county has a catalogue or rules of its own already; facts: types, rules."""


@dataclass(frozen=True, slots=True)
class DefaultsImport:
    """How many rows there are of each now, because of this import; offices that were there already are not counted and not changed."""

    issue_types: int
    offices: int
    rules: int


def import_defaults(store: Store, *, now: datetime, actor: Actor, replace: bool = False) -> DefaultsImport:
    """Put the default issue types, departments, owners and rules in.

    CatalogueThere, unless `replace`: a county's own rows are not overwritten unasked. Offices that are there keep phone and area.
    """
    with store.begin(allowed(actor, Action.REGISTER_CHANGE)) as tx:
        types, rules = catalogues.issue_types(tx), catalogues.rules(tx)
        if (types or rules) and not replace:
            raise CatalogueThere(types=len(types), rules=len(rules))
        there = {office.code for office in offices.all_(tx)}
        missing = [office for office in catalogue_default.offices() if office.code not in there]
        offices.put(tx, missing)
        catalogues.put_issue_types(tx, catalogue_default.issue_types())
        catalogues.put_rules(tx, catalogue_default.rules())
        history.record(tx, now, "register.import", "register:defaults", replace=replace)
    return DefaultsImport(len(catalogue_default.issue_types()), len(missing), len(catalogue_default.rules()))
