"""What is served, as a table of contents."""

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api import errors, guarding, intake, live, page, tasks
from api.borders import Borders
from api.files import Files
from api.forwarded import Forwarded
from api.heads import Heads
from api.metrics import Counting, Metrics
from api.oidc import Oidc
from api.page import WEB
from api.pressure import Pressure
from api.prints import Prints
from api.routes import (
    account_pages,
    accounts,
    areas,
    catalogue,
    editions,
    health,
    history,
    incident_pages,
    incidents,
    match,
    merging,
    moves,
    notices,
    oidc,
    pages,
    photos,
    plan_pages,
    post_pages,
    print_pages,
    printing,
    public,
    reports,
    routing,
    session,
    sign_in_pages,
    tokens,
    user_pages,
)
from api.safety import Safety
from gridmap.atlas import VENDOR as MAP_FILES
from gridmap.photos import Workshop
from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.version import __version__
from gridmap.words import say


def create_app(store: Store, settings: Settings) -> FastAPI:
    """The whole service over one store. Until the first account every caller is believed: then it belongs on loopback only."""
    streams, prints, metrics = live.Live(store), Prints(store, settings), Metrics(store)
    app = FastAPI(
        title="Gridmap",
        version=__version__,
        description=say("ui.api_description", settings.lang),
        lifespan=guarding.at_start(tasks.running(store, settings, prints.running(streams.running), ended=metrics.task_done)),
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.store, app.state.settings, app.state.borders, app.state.workshop = store, settings, Borders(), Workshop()
    app.state.live, app.state.prints, app.state.metrics = streams, prints, metrics
    app.state.oidc = Oidc(settings.oidc) if settings.oidc else None
    app.state.intake = metrics.watched(intake.intake(store, settings, streams.wake))
    app.state.closed = app.state.stopping = False  # whether sign-in is asked for, for ever once it is; whether it was told to stop

    app.include_router(reports.router)  # POST /api/reports; GET /api/reports/{id}
    app.include_router(photos.router)  # PUT, HEAD /api/reports/{id}/photos/{sha256}; PUT, GET …/incidents/…; GET …/incidents/{id}/photos
    app.include_router(public.router)  # GET  /api/public/incidents
    app.include_router(match.router)  # GET  /api/match
    app.include_router(routing.router)  # POST /api/route/dry-run; GET /api/route/backstop
    app.include_router(incidents.router)  # GET  /api/incidents, /api/incidents/{id}; POST …/steps, …/contact
    app.include_router(merging.router)  # GET  /api/incidents/{id}/nearby; POST …/merge, …/split
    app.include_router(areas.router)  # GET  /api/areas, /api/areas/{code}, /api/land
    app.include_router(editions.router)  # GET  /api/editions
    app.include_router(moves.router)  # GET  /api/drafts, …/{draft}, …/villages/{village}, …/moves, …/check, …/comparison; POST …/start, …
    app.include_router(catalogue.router)  # GET  /api/issue-types
    app.include_router(session.router)  # POST, GET, DELETE /api/session; POST /api/session/password, /api/invitation
    app.include_router(tokens.router)  # GET, POST /api/tokens; DELETE /api/tokens/{id}
    app.include_router(accounts.router)  # GET, POST /api/accounts, …/{name}/…; POST /api/grants, …/{id}/confirm; DELETE /api/grants/{id}
    app.include_router(printing.router)  # POST /api/print; GET /api/print/{job}, …/pdf
    app.include_router(history.router)  # GET  /api/history
    app.include_router(notices.router)  # GET  /api/notices
    app.include_router(live.router)  # GET  /api/live (server-sent events)
    app.include_router(health.router)  # GET, HEAD  /healthz, /readyz; GET /metrics; HEAD of every page below too
    app.include_router(pages.router)  # GET  /, /docs, /lang/{lang}
    app.include_router(incident_pages.router)  # /incidents/{number}
    app.include_router(sign_in_pages.router)  # /sign-in, /sign-out, /invitation/{token}
    app.include_router(oidc.router)  # GET  /sign-in/oidc, /sign-in/oidc/back
    app.include_router(account_pages.router)  # /account
    app.include_router(user_pages.router)  # /users
    app.include_router(post_pages.router)  # /posts
    app.include_router(print_pages.router)  # /print, /v/{village}
    app.include_router(plan_pages.router)  # /plan, /plan/{draft}

    _mount_files(app)

    guarding.guard(app)
    errors.install(app)
    page.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Pressure, intake=app.state.intake)
    app.add_middleware(Safety, public_host=settings.public_host)
    app.add_middleware(Heads)
    app.add_middleware(Forwarded, proxies=settings.proxies)
    app.add_middleware(Counting, metrics=metrics)
    return app


def _mount_files(app: FastAPI) -> None:
    """What is ours and the same for everybody."""
    app.mount("/static", Files(WEB / "static"))
    app.mount("/vendor/map", Files(MAP_FILES, for_ever=True))
    app.mount("/vendor/docs", Files(WEB / "vendor", for_ever=True))
