"""Every change asked with a body that changes nothing: whoever may do it gets past the door, whoever may not does not.

`{}` and an empty form are refused by what reads them, unknown names by the flow: both come after the door.
"""

from tests.api.matrix.asking import Asking, is_refused
from tests.api.matrix.exact import refused
from tests.api.matrix.operations import UNKNOWN_ID, UNKNOWN_NUMBER, Operation, Unknown
from tests.api.matrix.oracle import Person

# What the door lets through is then refused as unusable, unknown or in conflict with what is.
PAST_THE_DOOR = frozenset({400, 404, 409, 422})
JSON = frozenset(
    {
        "send_reports", "take_step", "read_contact", "sign_in", "change_password", "accept_invitation", "add_phone", "end_token",
        "merge_incidents", "split_incidents",
        "route_dry", "add_account", "invite_account", "link_account", "disable_account", "enable_account", "add_key", "end_account_tokens",
        "begin_draft", "approve_a_draft", "publish_draft", "make_move", "undo_move", "redo_move", "cut_village",
        "end_account_token", "order_print", "propose_grant", "confirm_grant", "end_grant",
    }
)  # fmt: skip
FORMS = frozenset(
    {
        "POST /account/password",
        "POST /account/tokens/{token}/end",
        "POST /invitation/{token}",
        "POST /plan",
        "POST /posts/end",
        "POST /print",
        "POST /sign-in",
        "POST /users",
        "POST /users/{name}/disable",
        "POST /users/{name}/enable",
        "POST /users/{name}/grants",
        "POST /users/{name}/grants/{grant}/confirm",
        "POST /users/{name}/grants/{grant}/end",
        "POST /users/{name}/invitation",
        "POST /users/{name}/keys",
        "POST /users/{name}/link",
        "POST /users/{name}/tokens/end",
        "POST /users/{name}/tokens/{token}/end",
    }
)
RAW = frozenset({"send_photo", "ask_photo", "add_photo"})
"""What takes a file, or tells how much of one is here: asked without one."""
ENDING = frozenset({"sign_out", "POST /sign-out", "POST /account/tokens/end-others", "POST /account/phones"})
"""What ends sessions of whoever asks, or needs a new one: only those ask who may not, and at last one who may (`endings`)."""
NOWHERE = {
    "draft": "\t",
    "incident": UNKNOWN_NUMBER,
    "name": "nobody-of-this-name",
    "grant": UNKNOWN_ID,
    "token": UNKNOWN_ID,
    "report": UNKNOWN_ID,
    "sha256": "0" * 64,
}


def changes(asking: Asking) -> list[Operation]:
    """The operations that change something; Unknown where one is in no table."""
    found = [each for each in asking.operations.values() if each.method != "GET"]
    if unknown := {each.name for each in found} - JSON - FORMS - RAW - ENDING:
        raise Unknown(f"nobody knows how to ask these without harm: {unknown}")
    return found


def doors(asking: Asking, person: Person, operations: list[Operation]) -> None:
    """Each change, by somebody."""
    for operation in asking.some(operations):
        path = {name: NOWHERE[name] for name in operation.in_path}
        if operation.name in ENDING and not refused(person, operation.action, asking.way):
            continue
        more = {"json": {}} if operation.name in JSON else {} if operation.name in RAW else {"form": "password=one&again=other"}
        answer = asking.ask(person, operation, path, headers=asking.changes(person), **more)
        status = refused(person, operation.action, asking.way)
        if status is None and answer.status_code not in PAST_THE_DOOR and not 200 <= answer.status_code < 400:
            asking.fault(person, operation, answer, "was refused")
        if status and (not is_refused(answer) if operation.name in FORMS | ENDING else answer.status_code != status):
            asking.fault(person, operation, answer, f"is not {status}")


def endings(asking: Asking, person: Person) -> None:
    """The session that asks ends, at once, and no other; and others end from it."""
    asking.way = "spare"
    for operation in sorted(ENDING, reverse=True)[:1]:
        answer = asking.ask(person, operation, headers=asking.changes(person))
        asking.expect(person, operation, answer, status=204)
    asking.expect(person, "get_session", asking.ask(person, "get_session"), status=401)
    asking.way = "cookie"
    asking.expect(person, "get_session", asking.ask(person, "get_session"), status=200)
