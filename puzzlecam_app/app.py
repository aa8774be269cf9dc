"""The web app: own routes, own assets and the Gradio pages on one FastAPI app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from db.conflicts import StaleRevision
from db.errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseLostError,
    DatabaseUnavailableError,
    DiskFullError,
    InvalidInputError,
    MaskStorageError,
    NameTakenError,
    NotFoundError,
    NothingToDecideError,
    StaleClassListError,
    StorageError,
)
from db.runs import RunStateError
from db.troubles import disk_full, is_disk_full
from puzzlecam_app.assets import ASSETS_URL, assets_dir, assets_version
from puzzlecam_app.auth import AccessGuard
from puzzlecam_app.errors import BusyError, UserError
from puzzlecam_app.incidents import Incidents
from puzzlecam_app.monitoring.measured import MeasuredRequests
from puzzlecam_app.monitoring.request_ids import RequestIds
from puzzlecam_app.page_events import PageEvents
from puzzlecam_app.people.gate import Gate
from puzzlecam_app.people.limits import SignInLimits
from puzzlecam_app.people.openid import Provider
from puzzlecam_app.protection import BodyLimit, ClosedRoutes, SafeHeaders
from puzzlecam_app.routes import all_routes
from puzzlecam_app.routes.common import HttpError, Problem, RevisionOut, etag
from puzzlecam_app.runs.form import FormError
from puzzlecam_app.services import Services
from puzzlecam_app.settings import Settings
from puzzlecam_app.slow_clients import BodyTime
from puzzlecam_app.sub_path import SubPath
from trainer.errors import TrainerError, TrainerUsageError

_STATUS_OF_ERROR: dict[type[StorageError], int] = {
    NotFoundError: 404,
    RunStateError: 409,
    InvalidInputError: 422,
    NameTakenError: 409,
    StaleClassListError: 409,
    NothingToDecideError: 409,
    DatabaseBusyError: 503,
    DatabaseLostError: 503,
    DatabaseDamagedError: 503,
    DatabaseUnavailableError: 503,
    MaskStorageError: 503,
    DiskFullError: 507,
}
_RETRY_AFTER_S = 5
_LOOPBACK = ("127.0.0.1", "::1")


def create_app(services: Services) -> FastAPI:
    """Build the whole app around an open workspace. Shutting the app down closes the workspace."""
    from puzzlecam_app.pages import mount_pages  # Gradio takes seconds to import

    return _protected(mount_pages(_routes(services), services), services)


def create_api(services: Services) -> FastAPI:
    """Build the app without the Gradio pages: routes, assets and the access guard."""
    return _protected(_routes(services), services)


def _routes(services: Services) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.health.start()
        services.notices.start()
        services.trash.start()
        services.proposals.warm_up()
        yield
        services.close()

    app = FastAPI(
        title="Puzzle-CAM studio",
        description="Pictures, heatmaps, masks and decisions by database id.",
        lifespan=lifespan,
        routes=list(all_routes()),
        docs_url=None,  # FastAPI's page loads its scripts from another server
        openapi_url="/api/openapi.json",
        redoc_url=None,
    )
    app.state.services = services
    app.state.page_events = {}
    app.state.event_pages = {}
    app.state.sign_in_limits = SignInLimits()
    app.state.provider = _provider(services.settings)
    app.mount(ASSETS_URL, _Assets(directory=assets_dir()), name="ui")
    _answer_errors_with_sentences(app)
    return app


def _provider(settings: Settings) -> Provider | None:
    return Provider(settings) if settings.has_accounts and settings.oidc_issuer else None


def _protected(app: FastAPI, services: Services) -> FastAPI:
    # The middleware added last handles a request first: the guard's refusals carry the safe headers too, and
    # no body is read before access has been checked.
    app.add_middleware(PageEvents)
    app.add_middleware(ClosedRoutes)
    app.add_middleware(Gate, services=services)
    app.add_middleware(BodyLimit)
    app.add_middleware(AccessGuard, settings=services.settings)
    app.add_middleware(BodyTime)
    app.add_middleware(Incidents, logs_dir=services.workspace.logs_dir)
    if services.settings.root_path:
        app.add_middleware(SubPath, root_path=services.settings.root_path)
    app.add_middleware(SafeHeaders)
    is_logged = services.settings.log_format == "json"
    app.add_middleware(MeasuredRequests, metrics=services.metrics, is_logged=is_logged)
    # Only these proxies may say who the client is and whether the connection uses TLS.
    proxies = list(services.settings.trusted_proxies or _LOOPBACK)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=proxies)
    app.add_middleware(RequestIds, proxies=proxies)
    return app


class _Assets(StaticFiles):
    """Static files. Browsers keep those under this version's URL and revalidate all others each time."""

    async def get_response(self, path: str, scope: Scope):  # type: ignore[no-untyped-def]
        version, _, rest = path.replace("\\", "/").partition("/")
        is_versioned = version == assets_version()
        response = await super().get_response(rest if is_versioned else path, scope)
        may_be_kept = is_versioned and response.status_code in (200, 304)
        response.headers["Cache-Control"] = (
            "private, max-age=31536000, immutable" if may_be_kept else "no-cache"
        )
        return response


def _answer_errors_with_sentences(app: FastAPI) -> None:
    @app.exception_handler(StaleRevision)
    def _stale(_: Request, error: StaleRevision) -> JSONResponse:
        current = RevisionOut.of(error.current) if error.current else None
        answer = _answer(412, Problem(message=str(error), current=current))
        answer.headers["ETag"] = etag(error.current)
        return answer

    @app.exception_handler(StorageError)
    def _storage(_: Request, error: StorageError) -> JSONResponse:
        status = next((code for kind, code in _STATUS_OF_ERROR.items() if isinstance(error, kind)), 500)
        answer = _answer(status, Problem(message=str(error)))
        if isinstance(error, DatabaseBusyError | MaskStorageError):
            answer.headers["Retry-After"] = str(_RETRY_AFTER_S)
        return answer

    @app.exception_handler(OSError)
    def _disk(request: Request, error: OSError) -> JSONResponse:
        if not is_disk_full(error):
            raise error
        where = Path(error.filename).parent if error.filename else "the workspace"
        return _answer(507, Problem(message=str(disk_full(where)), where=request.url.path))

    @app.exception_handler(UserError)
    def _user(_: Request, error: UserError) -> JSONResponse:
        is_busy = isinstance(error, BusyError)
        status = error.status if isinstance(error, HttpError) else 503 if is_busy else 422
        fields = error.fields if isinstance(error, FormError) else None
        problem = Problem(message=error.message, where=error.where, remedy=error.remedy, fields=fields)
        answer = _answer(status, problem)
        if status == 503:
            answer.headers["Retry-After"] = str(_RETRY_AFTER_S)
        return answer

    @app.exception_handler(TrainerError)
    def _trainer(_: Request, error: TrainerError) -> JSONResponse:
        status = 422 if isinstance(error, TrainerUsageError) else 503
        return _answer(status, Problem(message=str(error)))

    @app.exception_handler(RequestValidationError)
    def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return _answer(422, Problem(message=first["msg"], where=where, remedy="Correct the request"))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 400:  # FastAPI's answer to a body that is not text
            problem = Problem(
                message="the body is not JSON", where=request.url.path, remedy="Correct the request"
            )
            return _answer(422, problem)
        return _answer(error.status_code, Problem(message=str(error.detail), where=request.url.path))


def _answer(status: int, problem: Problem) -> JSONResponse:
    return JSONResponse(problem.model_dump(), status_code=status)
