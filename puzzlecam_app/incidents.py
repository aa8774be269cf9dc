"""Unexpected errors: stored in the workspace's logs, and shown to people with a request number."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from puzzlecam_app.monitoring.request_ids import id_of
from puzzlecam_app.monitoring.routes import shown_path

_log = logging.getLogger(__name__)

_MOST_KEPT: Final = 200
_LOG_BYTES: Final = 2**20
_LOG_FILES: Final = 3
_IN_NAMES: Final = re.compile(r"[^0-9A-Za-z-]")


def keep(error: BaseException, logs_dir: Path, name: str, about: str = "") -> Path | None:
    """Write the stack of an error to its own file and return the path, or None if that fails.

    Only the newest 200 files are kept.

    Args:
        name: the end of the file's name, to find the file by.
        about: a line that is written above the stack.
    """
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    path = logs_dir / f"error-{stamp}-{_IN_NAMES.sub('', name)}.log"
    stack = "".join(traceback.format_exception(error))
    try:
        logs_dir.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{about}\n{stack}" if about else stack, encoding="utf-8")
        for old in sorted(logs_dir.glob("error-*.log"))[:-_MOST_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


class _Handler(logging.handlers.RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Do nothing, because a full disk must not stop anybody's work."""


@contextlib.contextmanager
def warnings_kept_in(logs_dir: Path, formatter: logging.Formatter | None = None) -> Iterator[None]:
    """Write warnings and errors to `studio.log` too. A log of 1 MiB is rotated; three old ones are kept.

    Without a `formatter`, they are lines of text.
    """
    handler = _Handler(
        logs_dir / "studio.log", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8", delay=True
    )
    handler.setLevel(logging.WARNING)
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(formatter or text)
    uvicorn = logging.getLogger("uvicorn")
    loggers = [logging.getLogger()] if uvicorn.propagate else [logging.getLogger(), uvicorn]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()


class Incidents:
    """ASGI middleware that answers an unexpected error with a sentence and the id of the request.

    The stack of the error is written to a file in the logs folder whose name ends with the id.
    """

    def __init__(self, app: ASGIApp, logs_dir: Path) -> None:
        self._app = app
        self._logs_dir = logs_dir

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = id_of(scope)
        has_started = False
        held: list[Message] = []

        async def send_numbered(message: Message) -> None:
            nonlocal has_started
            is_start = message["type"] == "http.response.start"
            # A mounted app answers 500 and raises afterwards; its answer has neither a sentence nor a number.
            if not has_started and (held or (is_start and message["status"] == 500)):
                held.append(message)
                return
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, send_numbered)
        except Exception as error:
            self._keep(error, scope, request_id)
            if has_started:
                raise  # closes the connection: the answer is incomplete
            await _answer(request_id, shown_path(scope))(scope, receive, send)
            return
        for message in held:
            await send(message)

    def _keep(self, error: Exception, scope: Scope, request_id: str) -> None:
        about = f"request {request_id}: {scope['method']} {shown_path(scope)!r}"
        path = keep(error, self._logs_dir, f"{os.getpid()}-{request_id}", about)
        _log.error("unexpected error, %s (stack in %s)", about, path or "no file", exc_info=error)


def _answer(request_id: str, where: str) -> JSONResponse:
    return JSONResponse(
        {
            "message": f"the studio failed unexpectedly (request {request_id})",
            "where": where,
            "remedy": "Try again. If it happens again, report this number: the details are in the file of "
            "the workspace's logs folder whose name ends with it",
            "fields": None,
            "current": None,
        },
        status_code=500,
    )
