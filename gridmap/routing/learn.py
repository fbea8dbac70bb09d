"""Rules from history: which office acted for a type, and for a type in an area; how sure that is; and where it is sure enough.

**Who.** A type's office is the one that most of its past reports went to, newer ones counting more: a report's weight halves with each
FADE newer reports of its type, because duties change. In an area the type's shares stand for SMOOTHING reports, to which the area's own
are added (a Dirichlet prior: Gelman et al., Bayesian Data Analysis, 3rd ed., 3.4): one odd report changes no rule.

**How sure.** The purity of a rule is the weighted share of its own reports that went to its office, here with the half-life SURE: what
counts is about the last ninety. Its lower bound is Wilson's (J. Am. Stat. Assoc. 22, 1927), one-sided 75 %, with Kish's effective number
of reports (sum w)^2 / sum w^2 (Survey Sampling, 1965) for the number. A stricter level would prefer a large type of which one in twenty
goes astray to a small one of which none does; on Boston's history of 2015 that let three or four in a hundred fewer go at equal risk.

**Sure enough.** The bound that a rule must reach is chosen on the history itself (`_trials`): learned from its older part, judged on the
quarter after that, at three origins (Tashman, Int. J. Forecasting 16, 2000). It is the lowest of BOUNDS with which at least TARGET of the
reports that would have gone without a person would have gone right, and there were enough of them to show it: a threshold chosen for a
risk that was measured (Angelopoulos et al., Learn then Test, 2021), for types and for areas each. Where none does, no rule is confident.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gridmap.catalogue import By, Rule
from gridmap.routing.history import NOWHERE, Flags, History, Ints, Reals
from gridmap.routing.proposal import Proposal

TARGET = 0.995  # of what goes without a person must go right
ENOUGH = 200  # trials: fewer cannot show one astray in 200
FADE = 250.0
SURE = 30.0
SMOOTHING = 3.0
Z = 0.6745  # one-sided 75 %
BOUNDS = (0.94, 0.95, 0.96, 0.97, 0.98, 0.99)  # coarse, so that chance does not choose between rules that are equally sure
NEVER = 2.0  # a bound that nothing reaches
ORIGINS = ((0.5, 0.75), (0.625, 0.875), (0.75, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """The rules, the types' before the areas'; from which lower bounds on a rule of a type and of an area is confident; and how the
    trials on the newer parts of the history went: shares of all reports, `right_sure` of those that were sure."""

    rules: tuple[Proposal, ...]
    bound_type: float
    bound_area: float
    right: float
    sure: float
    right_sure: float


def wilson_lower(share: Reals, number: Reals, z: float = Z) -> Reals:
    """Wilson's one-sided lower bound of a share of so many; 0 of none (J. Am. Stat. Assoc. 22, 1927)."""
    some = np.maximum(number, 1e-12)
    middle, width = share + z * z / (2 * some), z * np.sqrt(share * (1 - share) / some + (z / (2 * some)) ** 2)
    return np.where(number > 0, np.maximum((middle - width) / (1 + z * z / some), 0.0), 0.0)


def newer(groups: Ints) -> Ints:
    """For each row, how many later rows are of its group."""
    order = np.argsort(groups, kind="stable")
    ends = np.searchsorted(groups[order], groups[order], side="right")
    found = np.empty(len(groups), dtype=np.int64)
    found[order] = ends - 1 - np.arange(len(groups))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """Weights of offices within groups, as rows (group, office) that occur; `total` by group."""

    group: Ints
    office: Ints
    weight: Reals
    total: Reals


def _shares(groups: Ints, count: int, offices: Ints, weights: Reals) -> _Shares:
    wide = int(offices.max(initial=0)) + 1
    pairs, where = np.unique(groups * wide + offices, return_inverse=True)
    weight, total = np.bincount(where, weights, minlength=len(pairs)), np.bincount(groups, weights, minlength=count)
    return _Shares(pairs // wide, pairs % wide, weight.astype(np.float64), total.astype(np.float64))


def _first_best(group: Ints, office: Ints, score: Reals, count: int) -> Ints:
    """The office of the highest score in each group, of equals the first by name; -1 in a group without any."""
    order = np.lexsort((office, -np.round(score, 9), group))
    first = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0]) if len(order) else order
    best = np.full(count, -1, dtype=np.int64)
    best[group[order][first]] = office[order][first]
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rules of one level as arrays: `key` is sorted; whose office, with which support, purity and lower bound."""

    key: Ints
    office: Ints
    support: Ints
    purity: Reals
    lower: Reals

    def find(self, key: Ints) -> tuple[Ints, Reals]:
        """(office or -1, lower bound) for each key asked for."""
        if not len(self.key):
            return np.full(len(key), -1, dtype=np.int64), np.zeros(len(key))
        at = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        known = self.key[at] == key
        return np.where(known, self.office[at], -1), np.where(known, self.lower[at], 0.0)


def _measured(key: Ints, groups: Ints, office: Ints, offices: Ints) -> _Rows:
    """How sure each group's office is: purity and its bound with the half-life SURE."""
    weights = 0.5 ** (newer(groups) / SURE)
    total = np.bincount(groups, weights, minlength=len(key))
    went = np.bincount(groups, weights * (offices == office[groups]), minlength=len(key))
    number = total**2 / np.bincount(groups, weights**2, minlength=len(key))
    purity = np.minimum(went / total, 1.0)
    return _Rows(key, office, np.bincount(groups, minlength=len(key)), purity, wilson_lower(purity, number))


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """The rules of all types, and of all types in all areas that occur (keyed type * areas + area)."""

    types: _Rows
    places: _Rows


def _fit(past: History) -> _Fit:
    weights = 0.5 ** (newer(past.type_of) / FADE)
    types, type_group = np.unique(past.type_of, return_inverse=True)
    by_type = _shares(type_group, len(types), past.office_of, weights)
    who = _first_best(by_type.group, by_type.office, by_type.weight, len(types))
    of_types = _measured(types, type_group, who, past.office_of)
    placed = past.area_of != NOWHERE
    keys, place_group = np.unique((past.type_of * len(past.areas) + past.area_of)[placed], return_inverse=True)
    by_place = _shares(place_group, len(keys), past.office_of[placed], weights[placed])
    there = _in_places(by_type, by_place, who, np.searchsorted(types, keys // len(past.areas)))
    return _Fit(of_types, _measured(keys, place_group, there, past.office_of[placed]))


def _in_places(by_type: _Shares, by_place: _Shares, who: Ints, type_at: Ints) -> Ints:
    """The office of each place: of those seen there and the type's own, the one with most weight there and in the prior together."""
    wide = int(by_type.office.max(initial=0)) + 1
    pairs = by_type.group * wide + by_type.office  # sorted
    group = np.r_[by_place.group, np.arange(len(type_at))]
    office = np.r_[by_place.office, who[type_at]]
    own = np.r_[by_place.weight, np.zeros(len(type_at))]
    at = np.searchsorted(pairs, type_at[group] * wide + office)
    prior = by_type.weight[at] / by_type.total[type_at[group]]
    return _first_best(group, office, own + SMOOTHING * prior, len(type_at))


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """What rules said to reports that they had not seen: by type and by place (offices, bounds), and where the reports really went.

    `placed` are those that lie in an area; the others always wait for a person."""

    type_office: Ints
    type_lower: Reals
    place_office: Ints
    place_lower: Reals
    truth: Ints
    placed: Flags

    @property
    def office(self) -> Ints:
        return np.where(self.place_office >= 0, self.place_office, self.type_office)

    @property
    def hits(self) -> Flags:
        return np.asarray(self.office == self.truth)

    @property
    def apart(self) -> Flags:
        """Where the place speaks: it has an office of its own, or its type is not pure as a whole.

        A pure type that the trials refuse is not tried again area by area: that would be asking chance twice.
        """
        return np.asarray((self.place_office >= 0) & ((self.place_office != self.type_office) | (self.type_lower < BOUNDS[0])))


def _trial(fit: _Fit, later: History) -> _Trial:
    type_office, type_lower = fit.types.find(later.type_of)
    place_office, place_lower = fit.places.find(later.type_of * len(later.areas) + later.area_of)
    return _Trial(type_office, type_lower, place_office, place_lower, later.office_of, later.area_of != NOWHERE)


def _trials(history: History, step: Callable[[], object]) -> _Trial:
    """The trials of all origins, one after another."""
    each = []
    for start, end in ORIGINS:
        each.append(_trial(_fit(history.part(0, start)), history.part(start, end)))
        step()
    parts = ([getattr(one, name) for one in each] for name in _Trial.__slots__)
    return _Trial(*(np.concatenate(part) for part in parts))


def bound_for(lower: Reals, hits: Flags) -> float:
    """The lowest of BOUNDS such that at least ENOUGH rows reach it and TARGET of them were right; NEVER where there is none."""
    for bound in BOUNDS:
        right = hits[lower >= bound]
        if len(right) >= ENOUGH and right.mean() >= TARGET:
            return bound
    return NEVER


def _sure(trial: _Trial, bound_type: float, bound_area: float) -> Flags:
    return np.asarray(trial.placed & np.where(trial.apart, trial.place_lower >= bound_area, trial.type_lower >= bound_type))


def learn(history: History, *, by: By = By.SUBJECT, step: Callable[[], object] = lambda: None) -> Learned:
    """The rules that this history proposes; `step` is called after each of STEPS."""
    trial = _trials(history, step)
    typed = trial.placed & ~trial.apart
    bound_type = bound_for(trial.type_lower[typed], trial.hits[typed])
    bound_area = bound_for(trial.place_lower[trial.apart], trial.hits[trial.apart])
    sure = _sure(trial, bound_type, bound_area)
    rules = _proposals(history, _fit(history), (bound_type, bound_area), by)
    step()
    right, right_sure = _share(trial.hits), _share(trial.hits[sure])
    return Learned(rules=rules, bound_type=bound_type, bound_area=bound_area, right=right, sure=_share(sure), right_sure=right_sure)


STEPS = len(ORIGINS) + 1


def _share(flags: Flags) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _proposals(history: History, fit: _Fit, least: tuple[float, float], by: By) -> tuple[Proposal, ...]:
    """A rule for each type, and for each area that has an office of its own or is sure where its type is not."""
    wide, (bound_type, bound_area) = len(history.areas), least
    at = np.searchsorted(fit.types.key, fit.places.key // wide)
    apart = fit.places.office != fit.types.office[at]
    sure = fit.places.lower >= bound_area
    kept = np.flatnonzero(apart | (sure & (fit.types.lower[at] < BOUNDS[0])))
    types = [(history.types[key], None) for key in fit.types.key.tolist()]
    places = [(history.types[key // wide], history.areas[key % wide]) for key in fit.places.key[kept].tolist()]
    rows = _Rows(*(np.concatenate([getattr(fit.types, name), getattr(fit.places, name)[kept]]) for name in _Rows.__slots__))
    bounds = [bound_type] * len(types) + [bound_area] * len(places)
    return tuple(_proposal(history, rows, row, what, (by, bounds[row])) for row, what in enumerate([*types, *places]))


def _proposal(history: History, rows: _Rows, row: int, what: tuple[str, str | None], more: tuple[By, float]) -> Proposal:
    issue, area = what
    by, bound = more
    rule = Rule(history.offices[rows.office[row]], issue, by, area=area)
    lower = float(rows.lower[row])
    return Proposal(
        rule, confident=lower >= bound, learned=rule.office, support=int(rows.support[row]), purity=float(rows.purity[row]), lower=lower
    )
