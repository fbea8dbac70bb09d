"""The page to print from, with a true preview of its first page; and what the code on a sheet opens."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.asker import Asker, doing
from api.errors import status_of
from api.forms import posted
from api.page import PageRoute, go, page
from api.print_choices import Choices, codes_in, read_choices
from api.prints import Job, Prints
from api.routes.printing import JobId, PrintOrder
from gridmap.access import Action
from gridmap.atlas.paper import Paper
from gridmap.errors import BadInput, Refusal
from gridmap.flows.print_sheets import Book, Order, first_page
from gridmap.flows.sheet_page import sheet_page

PREVIEW_DPI = 72
LARGE = {Paper.A2: 50, Paper.A1: 36, Paper.A0: 26}
"""Coarser previews of larger paper: all of them fill a screen."""

LISTS = {Book.VILLAGE: "villages", Book.TOWNSHIP: "townships", Book.WALL: "townships", Book.WORKER: "workers"}
"""Which of the page's lists names what can be printed as which book."""

router = APIRouter(include_in_schema=False, route_class=PageRoute)
Word = Annotated[str, Query(max_length=50)]
Form = Annotated[dict[str, str], Depends(posted)]


class OrderUnusable(BadInput):
    """What the form says is no order; facts: none."""


def _asked_for(form: dict[str, str], asked: Asker, choices: Choices) -> Order:
    """The order that the form's fields make, or OrderUnusable."""
    fields = {name: form[name] for name in ("book", "paper", "variant") if form.get(name)}
    lang = {"lang": form["said"]} if form.get("said") else {}
    scale = {"scale": form["scale"]} if form.get("scale") else {}
    try:
        codes = codes_in(form.get("code", ""), choices[Book(form.get("book") or Book.VILLAGE)])
        return PrintOrder.model_validate({**fields, **lang, **scale, "codes": codes}).order(asked)
    except ValueError as fault:  # pydantic's is one, too
        raise OrderUnusable from fault


@router.get("/print")
def print_page(
    *,
    request: Request,
    asked: Annotated[Asker, doing(Action.SHEET_PRINT)],
    book: Word = "village",
    code: Annotated[str, Query(max_length=2000)] = "",
    paper: Word = "A3",
    scale: Word = "",
    said: Word = "",
    variant: Word = "internal",
) -> Response:
    """What can be chosen, and beside it the first page as it would be printed."""
    form = {"book": book, "code": code.strip(), "paper": paper, "scale": scale, "said": said or asked.lang, "variant": variant}
    return _form(request, asked, form, read_choices(asked))


def _form(request: Request, asked: Asker, form: dict[str, str], choices: Choices, refusal: Refusal | None = None) -> Response:
    if refusal is None and form["code"]:
        try:
            _asked_for(form, asked, choices)
        except Refusal as fault:
            refusal = fault
    told = refusal.text(asked.lang) if refusal else ""
    lists = {LISTS[book]: offered for book, offered in choices.items()}
    context = {"form": form, "books": list(Book), "papers": list(Paper), "lists": lists, "list_of": LISTS, "told": told}
    return page(request, "printing_form.html", asked, context, status=status_of(refusal) if refusal else 200)


@router.get("/print/preview")
def preview(
    *,
    asked: Annotated[Asker, doing(Action.SHEET_PRINT)],
    code: Annotated[str, Query(max_length=2000)],
    book: Word = "village",
    paper: Word = "A3",
    scale: Word = "",
    said: Word = "",
    variant: Word = "internal",
) -> Response:
    """The first page as a picture, made by the same typesetter as the PDF."""
    from gridmap.atlas.typeset import to_png  # noqa: PLC0415 (the service starts without the typesetter)

    form = {"book": book, "code": code, "paper": paper, "scale": scale, "said": said or asked.lang, "variant": variant}
    order = _asked_for(form, asked, read_choices(asked))
    first, made = first_page(asked.store, order, now=asked.now, actor=asked.actor, fonts_folder=asked.settings.fonts)
    dpi = LARGE.get(order.choices.paper, PREVIEW_DPI)
    picture = to_png(first, made.fonts, dpi=dpi, lang=order.choices.main)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, no-store"})


@router.post("/print")
def print_now(request: Request, asked: Annotated[Asker, doing(Action.SHEET_PRINT)], form: Form) -> Response:
    """Order what the form says, and go to where it is waited for."""
    filled = {"book": "village", "code": "", "paper": "A3", "scale": "", "said": asked.lang, "variant": "internal"} | form
    prints: Prints = request.app.state.prints
    choices = read_choices(asked)
    try:
        job = prints.order(_asked_for(filled, asked, choices), asked)
    except Refusal as refusal:
        return _form(request, asked, filled, choices, refusal)
    return go(f"/print/{job.id}")


@router.get("/print/{job}")
def wait_for_print(request: Request, asked: Annotated[Asker, doing(Action.SHEET_PRINT)], job: JobId) -> Response:
    """How far an order is; the page asks again by itself until there is a PDF."""
    prints: Prints = request.app.state.prints
    found: Job = prints.job(job, asked)
    told: dict[str, Any] = found.as_dict(asked.lang)
    return page(request, "printing.html", asked, {"job": told, "order": found.order, "again": told["state"] not in {"done", "refused"}})


@router.get("/v/{village}")
def sheet_of(
    request: Request,
    asked: Annotated[Asker, doing(Action.REPORT_SEND)],
    village: str,
    e: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """What a printed code opens: whether that sheet is still true, and where to report. For everybody."""
    found = sheet_page(asked.store, village, edition=e, actor=asked.actor, now=asked.now)
    state: Literal["current", "outdated", "unsaid"] = "unsaid" if e is None else "current" if found.current else "outdated"
    return page(request, "sheet.html", asked, {"sheet": found, "state": state, "lang_name": asked.lang})
