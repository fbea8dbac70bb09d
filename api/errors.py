"""Every refusal as an RFC 9457 problem: one table from its family to the status, its sentence in the asker's language, its facts."""

import json
import logging
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.asker import lang_of, zone_of
from api.refusals import methods_there
from gridmap.access import Forbidden, SignInNeeded
from gridmap.errors import BadInput, Conflict, NoEditionInForce, NotFound, Precondition, Refusal, Throttled, Unavailable
from gridmap.flows.photos import PhotoTooLarge
from gridmap.flows.sign_in import SignInRefused
from gridmap.words import Lang, say, texts

LOG = logging.getLogger("gridmap.api")


class BodyUnreadable(BadInput):
    """The body is not the JSON that it should be; facts: why."""


class BodyTooLarge(BadInput):
    """The body is longer than the service takes; facts: most (bytes)."""


class HostForeign(Refusal):
    """The request names a host that is not this machine; facts: host."""


class HttpsNeeded(Refusal):
    """The public address was asked without https, or its proxy does not say that it was with; facts: host."""


class OriginForeign(Refusal):
    """A page of another site tried to write; facts: origin."""


class RevisionMissing(BadInput):
    """A step is taken on a state that was looked at: which one?; facts: none."""


# The first family that a refusal belongs to decides.
STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (BodyUnreadable, 400),
    (BodyTooLarge, 413),
    (PhotoTooLarge, 413),
    (HostForeign, 400),
    (OriginForeign, 403),
    (HttpsNeeded, 403),
    (NoEditionInForce, 409),
    (SignInNeeded, 401),
    (SignInRefused, 401),
    (Forbidden, 403),
    (Throttled, 429),
    (Precondition, 412),
    (RevisionMissing, 428),
    (BadInput, 422),
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
    (Refusal, 400),
)
TITLES = {
    400: "error.bad_input",
    401: "problem.sign_in",
    403: "problem.forbidden",
    404: "error.not_found",
    409: "error.conflict",
    412: "error.precondition",
    413: "error.bad_input",
    422: "error.bad_input",
    428: "error.bad_input",
    429: "problem.throttled",
    500: "error.broken",
    503: "error.unavailable",
}
AGAIN_SECONDS = 5  # when to ask again what was not there

# What pydantic calls a fault, and our sentence for it.
FIELD_FAULTS = {
    "missing": "field_missing",
    "extra_forbidden": "field_unknown",
    "enum": "field_choice",
    "literal_error": "field_choice",
    "float_parsing": "field_number",
    "float_type": "field_number",
    "finite_number": "field_number",
    "int_parsing": "field_number",
    "int_type": "field_number",
    "string_type": "field_text",
    "string_too_long": "field_too_long",
    "string_too_short": "field_too_short",
    "string_pattern_mismatch": "field_unusable",
    "datetime_parsing": "field_instant",
    "datetime_from_date_parsing": "field_instant",
    "datetime_type": "field_instant",
    "greater_than_equal": "field_range",
    "less_than_equal": "field_range",
    "greater_than": "field_range",
    "less_than": "field_range",
}


class Problem(JSONResponse):
    """An answer of type application/problem+json."""

    media_type = "application/problem+json"


def status_of(refusal: Refusal) -> int:
    return next(status for family, status in STATUS if isinstance(refusal, family))


def problem(refusal: Refusal, lang: Lang, zone: tzinfo) -> dict[str, Any]:
    """The members of RFC 9457 (type, title, status, detail), and the refusal's facts beside them. Its sentence tells instants in `zone`."""
    status = status_of(refusal)
    facts = {name: fact for name, fact in refusal.facts.items() if name not in {"type", "title", "status", "detail"}}
    return {**facts, **_members(refusal.key, status, refusal.text(lang, zone), lang)}


def _members(key: str, status: int, detail: str, lang: Lang) -> dict[str, Any]:
    title = say(TITLES.get(status, "error.refusal"), lang)
    return {"type": f"urn:gridmap:problem:{key}", "title": title, "status": status, "detail": detail}


def field_faults(faults: list[Mapping[str, Any]], lang: Lang) -> list[dict[str, str]]:
    """One sentence for each field that cannot be used."""
    told = []
    for fault in faults:
        path = [str(step) for step in fault["loc"] if step not in {"body", "query", "path", "header"}]
        field = ".".join(path) or "body"
        key = FIELD_FAULTS.get(fault["type"], "field_unusable")
        told.append({"field": field, "detail": say(f"error.{key}", lang, field=field, **_limits(fault.get("ctx") or {}))})
    return told


def _limits(context: Mapping[str, Any]) -> dict[str, str]:
    """What the sentence may name: the choices, the length, the bound."""
    bound = next((f"{sign} {context[name]}" for name, sign in (("ge", "≥"), ("le", "≤"), ("gt", ">"), ("lt", "<")) if name in context), "")
    length = context.get("max_length", context.get("min_length", ""))
    return {"expected": str(context.get("expected", "")), "length": str(length), "bound": bound}


def validation_problem(faults: list[Mapping[str, Any]], lang: Lang) -> dict[str, Any]:
    """A problem for a body or query whose fields cannot be used; `errors` lists each."""
    told = field_faults(faults, lang)
    return {**_members("fields_unusable", 422, " ".join(fault["detail"] for fault in told), lang), "errors": told}


def answer(refusal: Refusal, lang: Lang, zone: tzinfo) -> Problem:
    """The problem as a response. Facts that JSON does not know (NaN among them) are written as text."""
    told = json.loads(json.dumps(problem(refusal, lang, zone), ensure_ascii=False, default=str), parse_constant=str)
    return Problem(told, status_code=told["status"], headers={"Content-Language": lang, **headers_of(refusal)})


def headers_of(refusal: Refusal) -> dict[str, str]:
    """What its status asks of the headers: how to sign in, when to try again."""
    match status_of(refusal):
        case 401:
            return {"WWW-Authenticate": "Bearer"}
        case 429:
            return {"Retry-After": str(refusal.facts.get("seconds", AGAIN_SECONDS))}
        case 503:
            return {"Retry-After": str(AGAIN_SECONDS)}
    return {}


def _refused(request: Request, refusal: Exception) -> Problem:
    assert isinstance(refusal, Refusal)
    return answer(refusal, lang_of(request), zone_of(request))


def _invalid(request: Request, fault: Exception) -> Problem:
    assert isinstance(fault, RequestValidationError)
    lang = lang_of(request)
    faults = list(fault.errors())
    if any(found["type"] == "json_invalid" for found in faults):
        return answer(BodyUnreadable(why=faults[0].get("ctx", {}).get("error", "")), lang, zone_of(request))
    return Problem(validation_problem(faults, lang), status_code=422, headers={"Content-Language": lang})


def refused_by_the_framework(request: Request, fault: Exception) -> Problem:
    """No such address, no such method there, a body too long."""
    assert isinstance(fault, HTTPException)
    lang = lang_of(request)
    key = f"http_{fault.status_code}"
    detail = say(f"error.{key}" if f"error.{key}" in texts(lang) else "error.refusal", lang, path=request.url.path, method=request.method)
    told = _members(key, fault.status_code, detail, lang)
    headers = {**(fault.headers or {}), "Content-Language": lang}
    if fault.status_code == 405 and (route := request.scope.get("route")) and (methods := methods_there(request.app, route.path_format)):
        headers["Allow"] = ", ".join(methods)  # the framework names those of the first route of this address
    return Problem(told, status_code=fault.status_code, headers=headers)


def _broken(request: Request, fault: Exception) -> Problem:
    """A fault of ours: the number to find it by, and nothing of what is inside. The traceback goes to the log."""
    lang, number = lang_of(request), request.scope.get("state", {}).get("request_id", "")
    LOG.error("request %s failed: %s %s", number, request.method, request.url.path, exc_info=fault)
    told = {**_members("internal", 500, say("error.internal", lang, request=number), lang), "request": number}
    return Problem(told, status_code=500, headers={"Content-Language": lang, "X-Request-Id": number})


def _gone(_request: Request, _fault: Exception) -> Response:
    """Whoever sent half of a body went away: nobody reads the answer, and nothing of ours failed."""
    return Response(status_code=400)


def install(app: FastAPI) -> None:
    """Answer every refusal and fault of `app` as a problem."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, refused_by_the_framework)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _broken)
