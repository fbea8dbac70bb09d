"""What the benchmark of intake serves (`uvicorn --factory tests.benchmarks.served:NAME`): Gridmap, and the framework with nothing in it."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from api import create_app
from gridmap.collector import collect_seldom
from gridmap.settings import read_settings
from gridmap.store import Store

empty = FastAPI()


class Report(BaseModel):
    """What the naive service takes."""

    key: str
    lon: float
    lat: float
    issue: str
    text: str


@empty.post("/report", status_code=201)
async def report(_body: Report) -> dict[str, Any]:
    """The answer of a service that does nothing."""
    return {"id": 1, "area": "x"}


def service() -> FastAPI:
    """Gridmap on the database of the environment."""
    collect_seldom()  # as `gridmap serve` does
    settings = read_settings()
    return create_app(Store.open(settings.database_url), settings)


def nothing() -> FastAPI:
    """The framework alone."""
    return empty
