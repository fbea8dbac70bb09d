"""What commands call: every flow that takes an actor, asked with something that changes nothing, by everybody who has an account.

A flow that is in no table here fails: nobody adds one without thinking of who may.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from gridmap import access, flows
from gridmap.access import ANONYMOUS, Action, Actor, Forbidden, Role, SignInNeeded, allowed, operator
from gridmap.atlas.choices import Choices
from gridmap.boundaries.areas import AreaColumns, AreaOptions
from gridmap.boundaries.households import HouseholdColumns
from gridmap.boundaries.table import ReadOptions
from gridmap.duty import Duty, Post
from gridmap.errors import Refusal
from gridmap.flows import (
    accounts,
    approve_draft,
    audit,
    back_up,
    backstop_share,
    contact,
    cut_draft,
    demo_accounts,
    dispatch,
    draft_village,
    dry_route,
    end_post,
    export_land,
    follow,
    give_area,
    grants,
    handover,
    import_areas,
    import_defaults,
    import_land,
    import_register,
    intake,
    lock_in_draft,
    merge,
    move_cells,
    move_on,
    nearby,
    notify,
    photos,
    post_in_draft,
    post_workers,
    print_sheets,
    propose_rulings,
    publish,
    purge,
    redraw_draft,
    rehearse,
    rehome,
    replay_routes,
    sheet_page,
    sign_in,
    start_draft,
    step,
    tick,
    tokens,
    verify_history,
)
from gridmap.flows.act import act_as
from gridmap.grid import Level
from gridmap.incidents import Channel, Report
from gridmap.incidents.life import Step, Taken
from gridmap.planning.locking import Lock
from gridmap.planning.moves import Merge
from gridmap.planning.posting import PostWorker
from gridmap.planning.reparent import Reparent
from gridmap.store import Store
from gridmap.store.schema import LandKind
from gridmap.tables.columns import Register
from tests.api.matrix.asking import Asking
from tests.api.matrix.door import Answer
from tests.api.matrix.exact import STEP_OF
from tests.api.matrix.operations import UNKNOWN_ID, UNKNOWN_NUMBER, Unknown
from tests.api.matrix.oracle import Person, covers, may
from tests.api.matrix.world import C111, NOW, PATH_OF, V11, V21

Call = Callable[[Store, Actor, datetime], Any]
NO_FILE = Path("/nowhere/at-all.csv")
OPERATOR = operator()  # for whom the demonstration's accounts would really be made
LONG_AGO = datetime(2000, 1, 1, tzinfo=NOW.tzinfo)
NAME = "nobody-of-this-name"
COLUMNS = AreaColumns("code", "name")


def _nobody(notice: object, at: datetime) -> None:
    """A sink that nothing comes to: nothing was due in the year 2000."""


def _step(taken: Step, store: Store, actor: Actor, now: datetime) -> Any:
    return step.step(store, UNKNOWN_NUMBER, Taken(step=taken, actor=""), revision=1, now=now, actor=actor)


COMMANDS: dict[str, tuple[str, Call]] = {
    "accounts.list_accounts": ("account.read", lambda s, a, _: accounts.list_accounts(s, actor=a)),
    "accounts.add_account": ("account.change", lambda s, a, t: accounts.add_account(s, "no name", actor=a, now=t)),
    "accounts.invite": ("account.change", lambda s, a, t: accounts.invite(s, NAME, actor=a, now=t)),
    "accounts.link_account": ("account.change", lambda s, a, t: accounts.link_account(s, NAME, "x", "y", actor=a, now=t)),
    "accounts.disable_account": ("account.change", lambda s, a, t: accounts.disable_account(s, NAME, actor=a, now=t)),
    "accounts.enable_account": ("account.change", lambda s, a, t: accounts.enable_account(s, NAME, actor=a, now=t)),
    "approve_draft.approve_draft": (
        "draft.publish",
        lambda s, a, t: approve_draft.approve_draft(s, "none", revision=None, now=t, actor=a),
    ),
    "audit.head": ("audit.read", lambda s, a, _: audit.head(s, actor=a)),
    "audit.read_history": ("audit.read", lambda s, a, _: audit.read_history(s, limit=5, actor=a)),
    "audit.export_history": ("audit.read", lambda s, a, _: list(audit.export_history(s, actor=a))),
    "audit.anchor": ("operate", lambda s, a, t: audit.anchor(s, None, None, actor=a, now=t)),
    "backstop_share.backstop_share": ("incident.read", lambda s, a, t: backstop_share.backstop_share(s, now=t, actor=a)),
    "contact.read_contacts": ("contact.read", lambda s, a, t: contact.read_contacts(s, UNKNOWN_NUMBER, "x", now=t, actor=a)),
    "cut_draft.cut_draft": ("draft.change", lambda s, a, t: cut_draft.cut_draft(s, draft="none", villages=("none",), now=t, actor=a)),
    "demo_accounts.make_demo_accounts": ("operate", lambda s, a, t: a == OPERATOR or demo_accounts.make_demo_accounts(s, actor=a, now=t)),
    "draft_village.list_villages": ("draft.read", lambda s, a, _: draft_village.list_villages(s, "none", actor=a)),
    "draft_village.see_village": ("draft.read", lambda s, a, t: draft_village.see_village(s, "none", "none", now=t, actor=a)),
    "dispatch.have_at_hand": ("operate", lambda s, a, t: dispatch.have_at_hand(s, now=t, actor=a)),
    "dry_route.dry_route": (
        "register.read",
        lambda s, a, t: dry_route.dry_route(s, dry_route.Question(issue="x", area=C111), actor=a, now=t),
    ),
    "end_post.end_post": ("register.change", lambda s, a, t: end_post.end_post(s, Post("none", C111, Duty.WORKER, NOW), actor=a, now=t)),
    "export_land.export_draft": ("draft.read", lambda s, a, t: export_land.export_draft(s, "none", now=t, actor=a)),
    "export_land.export_edition": ("draft.read", lambda s, a, t: export_land.export_edition(s, 999_999, now=t, actor=a)),
    "follow.follow": ("report.follow", lambda s, a, t: follow.follow(s, UNKNOWN_ID, network="", actor=a, now=t)),
    "give_area.give_area": (
        "draft.change",
        lambda s, a, t: give_area.give_area(s, "none", Reparent("x", "y"), revision=None, now=t, actor=a),
    ),
    "grants.propose_grant": ("grant.change", lambda s, a, t: grants.propose_grant(s, NAME, Role.AUDITOR, actor=a, now=t)),
    "grants.add_with_grant": ("grant.change", lambda s, a, t: grants.add_with_grant(s, "no name", Role.AUDITOR, actor=a, now=t)),
    "grants.confirm_grant": ("grant.change", lambda s, a, t: grants.confirm_grant(s, UNKNOWN_ID, actor=a, now=t)),
    "grants.end_grant": ("grant.change", lambda s, a, t: grants.end_grant(s, UNKNOWN_ID, actor=a, now=t)),
    "handover.hand_over": ("incident.dispatch", lambda s, a, t: handover.hand_over(s, "none", reason="x", now=t, actor=a)),
    "import_areas.import_areas": (
        "draft.change",
        lambda s, a, t: import_areas.import_areas(s, NO_FILE, AreaOptions(Level.CELL, COLUMNS), now=t, actor=a),
    ),
    "import_defaults.import_defaults": ("register.change", lambda s, a, t: import_defaults.import_defaults(s, now=t, actor=a)),
    "import_land.import_households": (
        "land.change",
        lambda s, a, t: import_land.import_households(s, NO_FILE, HouseholdColumns("n"), ReadOptions(), now=t, actor=a),
    ),
    "import_land.import_land": (
        "land.change",
        lambda s, a, t: import_land.import_land(s, NO_FILE, LandKind.STREET, ReadOptions(), now=t, actor=a),
    ),
    "import_register.import_register": (
        "register.change",
        lambda s, a, t: import_register.import_register(s, Register.WORKERS, NO_FILE, now=t, zone=t.tzinfo, actor=a),  # type: ignore[arg-type]
    ),
    "intake.receive": ("report.send", lambda s, a, t: intake.receive(s, Report(issue="", channel=Channel.SYSTEM), now=t, actor=a)),
    "intake.receive_many": ("report.send", lambda s, a, t: intake.receive_many(s, [], now=t, actor=a)),
    "lock_in_draft.lock_in_draft": (
        "draft.change",
        lambda s, a, t: lock_in_draft.lock_in_draft(s, "none", Lock("x"), revision=None, now=t, actor=a),
    ),
    "merge.merge": (
        "incident.close",
        lambda s, a, t: merge.merge(s, UNKNOWN_NUMBER, UNKNOWN_ID, revision=1, into_revision=1, now=t, actor=a),
    ),
    "merge.split": (
        "incident.close",
        lambda s, a, t: merge.split(s, UNKNOWN_NUMBER, revision=1, into_revision=1, reason="x", now=t, actor=a),
    ),
    "nearby.nearby": ("incident.read", lambda s, a, _: nearby.nearby(s, UNKNOWN_NUMBER, actor=a)),
    "nearby.nearby_point": (
        "incident.read",
        lambda s, a, t: nearby.nearby_point(s, nearby.Spot(issue="x", lon=113.0, lat=28.0, at=t), actor=a),
    ),
    "notify.list_notices": ("notice.read", lambda s, a, _: notify.list_notices(s, limit=5, actor=a)),
    "notify.notify": ("operate", lambda s, a, _: notify.notify(s, _nobody, clock=lambda: datetime(2000, 1, 1, tzinfo=NOW.tzinfo), actor=a)),
    "notify.try_parked": ("operate", lambda s, a, t: notify.try_parked(s, now=t, actor=a)),
    "post_in_draft.post_in_draft": (
        "draft.change",
        lambda s, a, t: post_in_draft.post_in_draft(s, "none", PostWorker("x", None), revision=None, now=t, actor=a),
    ),
    "post_workers.post_workers": (
        "register.change",
        lambda s, a, _: post_workers.post_workers(s, now=LONG_AGO, actor=a),
    ),
    "propose_rulings.propose_rulings": (
        "incident.read",
        lambda s, a, t: propose_rulings.propose_rulings(s, NO_FILE, now=t, actor=a),
    ),
    "print_sheets.first_page": (
        "sheet.print",
        lambda s, a, t: print_sheets.first_page(s, print_sheets.Order(print_sheets.Book.VILLAGE, ("none",), Choices()), now=t, actor=a),
    ),
    "print_sheets.lay_out": (
        "sheet.print",
        lambda s, a, t: print_sheets.lay_out(s, print_sheets.Order(print_sheets.Book.VILLAGE, ("none",), Choices()), now=t, actor=a),
    ),
    "back_up.back_up": ("operate", lambda s, a, t: back_up.back_up(s, NO_FILE / "x", now=t, actor=a)),
    "publish.publish": ("draft.publish", lambda s, a, t: publish.publish(s, "none", now=t, actor=a)),
    "publish.roll_back": ("draft.publish", lambda s, a, t: publish.roll_back(s, at=t - timedelta(days=1), now=t, actor=a)),
    "publish.check_draft": ("draft.read", lambda s, a, _: publish.check_draft(s, "none", actor=a)),
    "publish.drop_draft": ("draft.change", lambda s, a, t: publish.drop_draft(s, "none", now=t, actor=a)),
    "purge.purge_contacts": ("operate", lambda s, a, t: purge.purge_contacts(s, now=t, actor=a, dry_run=True)),
    "purge.purge_photos": ("operate", lambda s, a, t: purge.purge_photos(s, days=365, now=t, actor=a, dry_run=True)),
    "photos.of_report": ("report.photo", lambda s, a, _: photos.of_report(s, UNKNOWN_ID, actor=a)),
    "photos.of_incident": ("photo.add", lambda s, a, _: photos.of_incident(s, UNKNOWN_NUMBER, actor=a)),
    "redraw_draft.redraw_draft": (
        "draft.change",
        lambda s, a, t: redraw_draft.redraw_draft(s, 1, draft="none", villages=("none",), now=t, actor=a),
    ),
    "rehearse.rehearse": ("draft.read", lambda s, a, t: rehearse.rehearse(s, "none", now=t, actor=a)),
    "rehearse.at_stake": ("draft.read", lambda s, a, t: list(rehearse.at_stake(s, "none", (), policy="stay", now=t, actor=a))),
    "replay_routes.replay_routes": (
        "incident.read",
        lambda s, a, t: replay_routes.replay_routes(s, (), since=NOW, until=NOW.replace(year=NOW.year + 1), now=t, actor=a),
    ),
    "sheet_page.sheet_page": ("report.send", lambda s, a, t: sheet_page.sheet_page(s, "none", edition=None, actor=a, now=t)),
    "sign_in.sign_out": ("self.change", lambda s, a, t: sign_in.sign_out(s, UNKNOWN_ID, actor=a, now=t)),
    "sign_in.change_password": ("self.change", lambda s, a, t: sign_in.change_password(s, "x", "y", actor=a, now=t)),
    "move_cells.move": ("draft.change", lambda s, a, t: move_cells.move(s, "none", Merge(("x", "y")), revision=None, now=t, actor=a)),
    "move_cells.undo": ("draft.change", lambda s, a, t: move_cells.undo(s, "none", "none", revision=None, now=t, actor=a)),
    "move_cells.redo": ("draft.change", lambda s, a, t: move_cells.redo(s, "none", "none", revision=None, now=t, actor=a)),
    "start_draft.start_draft": ("draft.change", lambda s, a, t: start_draft.start_draft(s, "\t", now=t, actor=a)),
    "move_on.move_on": ("operate", lambda s, a, _: move_on.move_on(s, now=LONG_AGO, holder="matrix", actor=a)),
    "rehome.rehome": ("operate", lambda s, a, _: rehome.rehome(s, rehome.Rehoming.STAY, now=LONG_AGO, holder="matrix", actor=a)),
    **{f"step.step {name}": (action, partial(_step, Step(name))) for action, name in STEP_OF.items()},
    "tick.tick": ("operate", lambda s, a, _: tick.tick(s, now=LONG_AGO, holder="matrix", actor=a)),
    "tokens.own_tokens": ("self.read", lambda s, a, _: tokens.own_tokens(s, actor=a)),
    "tokens.add_phone": ("self.change", lambda s, a, t: tokens.add_phone(s, "", actor=a, now=t)),
    "tokens.end_own": ("self.change", lambda s, a, t: tokens.end_own(s, UNKNOWN_ID, actor=a, now=t)),
    "tokens.add_key": ("account.change", lambda s, a, t: tokens.add_key(s, NAME, "x", actor=a, now=t)),
    "tokens.end_token": ("account.change", lambda s, a, t: tokens.end_token(s, UNKNOWN_ID, actor=a, now=t)),
    "tokens.end_all": ("account.change", lambda s, a, t: tokens.end_all(s, NAME, actor=a, now=t)),
    "verify_history.verify": ("audit.read", lambda s, a, _: verify_history.verify(s, None, actor=a)),
}
MADE_OF_OTHERS = frozenset({"import_reports.import_reports", "main_job.run_main_job", "make_move.make_move"})
"""What only calls others of these, with the same actor."""


def known() -> None:
    """Unknown where a flow with an actor is in no table."""
    found = set()
    for each in pkgutil.iter_modules(flows.__path__):
        module = importlib.import_module(f"gridmap.flows.{each.name}")
        for name, call in vars(module).items():
            if inspect.isfunction(call) and call.__module__ == module.__name__ and not name.startswith("_"):
                found |= {f"{each.name}.{name}"} if {"store", "actor"} <= set(inspect.signature(call).parameters) else set()
    named(found)


def named(found: set[str]) -> None:
    """Unknown where these are not the flows of the tables."""
    known = {name.partition(" ")[0] for name in COMMANDS} | MADE_OF_OTHERS
    if found ^ known:
        raise Unknown(f"flows that nobody knows, or that are gone: {found ^ known}")


def commands(asking: Asking, person: Person) -> None:
    """Each of them, with the rights of the person's account (`--as NAME`), or of nobody."""
    store, now = asking.world.store, datetime.now(NOW.tzinfo)
    if person.disabled or person.by not in {"session", "key", "none"}:
        return  # a command asks for the account, not for a session
    actor = ANONYMOUS if person.by == "none" else act_as(store, f"yyy{person.name}qqq", login="root", now=now)
    for name, (action, call) in COMMANDS.items():
        _compare(asking, person, name, refused=_is_refused(call, store, actor, now), wanted=not may(person, action))
    for village in (V11, V21):
        cut: Call = lambda s, a, t, named=(village,): cut_draft.cut_draft(s, villages=named, now=t, actor=a)  # noqa: E731
        wanted = not covers(person, "draft.change", PATH_OF[village])
        _compare(asking, person, f"cut {village}", refused=_is_refused(cut, store, actor, now), wanted=wanted)


def operators(asking: Asking) -> None:
    """Whoever holds the machine may do all of it."""
    person = Person("operator")
    named = {rule.action for rule in access.ALLOWED if rule.role is Role.OPERATOR}
    for action in Action:
        _compare(asking, person, action, refused=action not in named or not allowed(OPERATOR, action).everywhere, wanted=False)
    for name, (action, call) in COMMANDS.items():
        if not action.startswith("self."):  # the operator has no account
            refused = _is_refused(call, asking.world.store, OPERATOR, datetime.now(NOW.tzinfo))
            _compare(asking, person, name, refused=refused, wanted=False)


def _compare(asking: Asking, person: Person, name: str, *, refused: bool, wanted: bool) -> None:
    asking.cells[f"command {name}"] += 1
    if refused is not wanted:
        answer = Answer("COMMAND", name, b"", 403 if refused else 200, (), b"")
        asking.fault(person, asking.operation("get_health"), answer, "was refused" if refused else "was not refused")


def _is_refused(call: Call, store: Store, actor: Actor, now: datetime) -> bool:
    """Whether access refused it. Any other refusal comes behind that."""
    try:
        call(store, actor, now)
    except (Forbidden, SignInNeeded):
        return True
    except Refusal:
        return False
    return False
