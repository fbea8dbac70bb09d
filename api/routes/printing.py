"""Sheets to print: an order, how far it is, the PDF."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.status import HTTP_202_ACCEPTED

from api.asker import Asker, doing
from api.prints import PrintMissing, Prints
from gridmap.access import Action
from gridmap.atlas.choices import Choices
from gridmap.atlas.paper import Paper
from gridmap.flows.print_sheets import Book, Order

router = APIRouter(prefix="/api/print", tags=["print"])

Code = Annotated[str, Field(min_length=1, max_length=50)]
JobId = Annotated[str, Path(max_length=64)]


class PrintOrder(BaseModel):
    """Villages, one township (`township` is its atlas, `wall` one map of it), or workers by their ids."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"book": "village", "codes": ["990121400001"], "paper": "A3", "lang": "zh", "variant": "public"}]},
    )
    book: Book = Book.VILLAGE
    codes: Annotated[list[Code], Field(min_length=1, max_length=500)]
    paper: Paper = Paper.A3
    scale: Annotated[int | None, Field(ge=100, le=1_000_000, description="The n of 1:n; what suits, where none is named.")] = None
    lang: Literal["zh", "en", "both"] = "zh"
    variant: Literal["internal", "public"] = "internal"
    edition: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="The one in force, where none is named.")] = None
    changed_since: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="Only villages whose own cells changed since.")] = None

    def order(self, asked: Asker) -> Order:
        """As the flow takes it."""
        public = self.variant == "public"
        choices = Choices(self.paper, self.scale, self.lang, public, asked.settings.public_url, asked.now)
        return Order(self.book, tuple(dict.fromkeys(self.codes)), choices, self.edition, self.changed_since)


@router.post("", status_code=HTTP_202_ACCEPTED)
def order_print(request: Request, asked: Annotated[Asker, doing(Action.SHEET_PRINT)], order: PrintOrder) -> dict[str, Any]:
    """Order sheets. The answer names the order; ask for it until it is `done` or `refused`. It is kept for an hour."""
    prints: Prints = request.app.state.prints
    return prints.order(order.order(asked), asked).as_dict(asked.lang)


@router.get("/{job}")
def get_print(request: Request, asked: Annotated[Asker, doing(Action.SHEET_PRINT)], job: JobId) -> dict[str, Any]:
    """How far an order of one's own is: `waiting`, `laying_out` (with the pages so far), `setting`, `done` or `refused`."""
    prints: Prints = request.app.state.prints
    return prints.job(job, asked).as_dict(asked.lang)


@router.get("/{job}/pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}})
def get_printed(request: Request, asked: Annotated[Asker, doing(Action.SHEET_PRINT)], job: JobId) -> Response:
    """The PDF of an order that is done."""
    prints: Prints = request.app.state.prints
    found = prints.job(job, asked)
    if found.state == "refused" and found.refusal:
        raise found.refusal
    if found.state != "done":
        raise PrintMissing(print=job[:40])
    pdf, _ = found.future.result()
    name = f"{found.order.book}-{_plain(found.order.codes[0])}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    return Response(pdf, media_type="application/pdf", headers=headers)


def _plain(code: str) -> str:
    """A code as a file may be called: letters and digits that every system takes."""
    return "".join(letter for letter in code if letter.isascii() and letter.isalnum()) or "sheets"
