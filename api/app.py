"""What is served, as a table of contents."""

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api import errors, guarding, live
from api.borders import Borders
from api.files import Files
from api.routes import areas, catalogue, editions, health, incidents, match, pages, reports
from api.safety import Safety
from gridmap.atlas import VENDOR as MAP_FILES
from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.version import __version__
from gridmap.words import say


def create_app(store: Store, settings: Settings) -> FastAPI:
    """The whole service over one store. It belongs on loopback only, until access control exists: every caller is believed."""
    streams = live.Live(store)
    app = FastAPI(
        title="Gridmap",
        version=__version__,
        description=say("ui.api_description", settings.lang),
        lifespan=streams.running,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.store, app.state.settings, app.state.live, app.state.borders = store, settings, streams, Borders()

    app.include_router(reports.router)  # POST /api/reports
    app.include_router(match.router)  # GET  /api/match
    app.include_router(incidents.router)  # GET  /api/incidents, /api/incidents/{id}; POST …/close
    app.include_router(areas.router)  # GET  /api/areas, /api/areas/{code}, /api/land
    app.include_router(editions.router)  # GET  /api/editions
    app.include_router(catalogue.router)  # GET  /api/issue-types
    app.include_router(live.router)  # GET  /api/live (server-sent events)
    app.include_router(health.router)  # GET  /healthz, /readyz
    app.include_router(pages.router)  # GET  /, /docs

    app.mount("/static", Files(pages.WEB / "static"))
    app.mount("/vendor/map", Files(MAP_FILES, for_ever=True))
    app.mount("/vendor/docs", Files(pages.WEB / "vendor", for_ever=True))

    guarding.guard(app)
    errors.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Safety)
    return app
