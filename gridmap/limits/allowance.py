"""What each clock is given, as rows: the issue type says how long handling may take, its unit how long the rest."""

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from gridmap.catalogue import Limit, LimitUnit

_UH, _WH, _WD = LimitUnit.URGENT_HOUR, LimitUnit.WORK_HOUR, LimitUnit.WORK_DAY

ALLOWANCES: Mapping[LimitUnit, Mapping[str, Limit]] = MappingProxyType(
    {
        _UH: MappingProxyType({"acknowledge": Limit(Fraction(1, 2), _UH), "inspect": Limit(2, _UH), "rule": Limit(2, _UH)}),
        _WH: MappingProxyType({"acknowledge": Limit(1, _WH), "inspect": Limit(4, _WH), "rule": Limit(1, _WD)}),
        _WD: MappingProxyType({"acknowledge": Limit(4, _WH), "inspect": Limit(1, _WD), "rule": Limit(1, _WD)}),
    }
)
"""To acknowledge, to inspect and to rule, by the unit of the limit to handle (our rule): what is urgent is urgent for everybody."""

UNKNOWN = Limit(4, _WH)
"""To handle what the catalogue does not know: looked at today."""

WINDOW = Limit(1, _WD)
"""At the window, by name; its clock goes by the end of the day."""


def allowances(handle: Limit | None) -> Mapping[str, Limit]:
    """The limit of each clock; `handle` is the issue type's, None where the type is unknown."""
    given = handle or UNKNOWN
    return {**ALLOWANCES[given.unit], "handle": given, "window": WINDOW}
