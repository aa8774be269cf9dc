"""Serves the app: finds a free port, opens the browser and shuts down cleanly."""

from __future__ import annotations

import contextlib
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn
from pydantic import SecretStr

from puzzlecam_app.errors import UserError
from puzzlecam_app.incidents import warnings_kept_in
from puzzlecam_app.monitoring.checks import Finding
from puzzlecam_app.monitoring.json_lines import JsonLines, json_on
from puzzlecam_app.people.joining import invite_first_admin
from puzzlecam_app.runs.app_worker import AppWorker
from puzzlecam_app.services import Services, open_services
from puzzlecam_app.settings import Settings
from puzzlecam_app.slow_clients import PatientProtocol
from trainer.masks.crf_lattices import made_by
from trainer.masks.crf_process import CrfProcess

_PORTS_TRIED = 50
_SHUTDOWN_S = 10


def serve(settings: Settings, *, say: Callable[[str], None] = print) -> None:
    """Open the workspace and serve it until interrupted.

    Args:
        settings: Where to listen and which workspace to open.
        say: Receives one-line messages for the person at the terminal.

    Raises:
        UserError: None of the ports tried is free, or the workspace cannot be used.
        StorageError: The database cannot be used.
    """
    from puzzlecam_app.interchange.sample import ensure_sample

    listening = listen(settings.host, settings.port)
    port = listening.getsockname()[1]
    if port != settings.port:
        say(f"Port {settings.port} is taken; using {port} instead.")
    settings = settings.model_copy(update={"port": port, **_access_key(settings, say)})
    services = open_services(settings)
    try:
        added = ensure_sample(services.stores)
        if added:
            say(f"The sample project is ready: {added} photographs.")
        from puzzlecam_app.app import create_app  # Gradio takes seconds to import: say something first

        app = create_app(services)
        url = f"http://{_shown_host(settings.host)}:{port}{settings.root_path}"
        say(f"Puzzle-CAM studio: {url}  (workspace {settings.workspace}; stop with Ctrl+C)")
        _first_admin(settings, services, url, say)
        if settings.open_browser:
            threading.Timer(1.0, webbrowser.open, [url]).start()
        is_json = settings.log_format == "json"
        plain: dict[str, Any] = {"log_config": None, "access_log": False} if is_json else {}
        config = uvicorn.Config(
            app,
            http=PatientProtocol,
            log_level="warning",
            timeout_graceful_shutdown=_SHUTDOWN_S,
            server_header=False,
            proxy_headers=False,  # the app does that itself, see create_api
            **plain,
        )
        worker = AppWorker(settings) if settings.worker else None
        if worker is not None:
            services.health.watch("worker", partial(_look_at_worker, worker))
        with (
            json_on(sys.stderr) if is_json else contextlib.nullcontext(),
            warnings_kept_in(settings.paths.logs_dir, JsonLines() if is_json else None),
            worker or contextlib.nullcontext(),
            CrfProcess() as crfs,
            made_by(crfs.make),
        ):
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        services.close()


def _look_at_worker(worker: AppWorker) -> Finding | None:
    if worker.is_well:
        return None
    return Finding("degraded", "The worker has ended and is started again; training runs wait.")


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket on `port`, or on the next free port after it.

    Raises:
        UserError: This machine does not have the address, or none of the ports tried is free.
    """
    last = min(port + _PORTS_TRIED, 65536) - 1
    for candidate in range(port, last + 1):
        try:
            return _bind(host, candidate)
        except PermissionError:
            continue
        except socket.gaierror as error:
            raise UserError(
                "this machine does not have this address", where=host, remedy="Use 127.0.0.1 or 0.0.0.0"
            ) from error
        except OSError:
            continue
    raise UserError(
        f"no port from {port} to {last} is free", where=host, remedy="Choose another one with --port"
    )


def _bind(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    family, kind, protocol, _, address = found[0]
    # asyncio sets TCP_NODELAY only on sockets whose protocol is given. Without it the body of every answer
    # waits some 40 ms until the browser has acknowledged the headers.
    bound = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # on Windows the option lets two programs share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound


def _access_key(settings: Settings, say: Callable[[str], None]) -> dict[str, SecretStr]:
    """Make an access key where people share one and none was set."""
    if settings.has_accounts:
        if settings.access_key is not None:
            say("The access key is not used, because people sign in with accounts.")
        return {}
    if settings.access == "key" and settings.access_key is None:
        key = secrets.token_urlsafe(12)
        say(f"The access key is {key}")
    elif settings.access_key is None:
        return {}
    else:
        key = settings.access_key.get_secret_value()
    say("Everybody enters the same access key, so the names that people work under are only claims.")
    return {"access_key": SecretStr(key)}


def _first_admin(settings: Settings, services: Services, url: str, say: Callable[[str], None]) -> None:
    """Print the link for the first admin where people have accounts and nobody is one yet."""
    link = invite_first_admin(services.database) if settings.has_accounts else None
    if link is None:
        return
    say(f"Nobody can sign in as an admin yet. Make the first account at {url}{link.path}")
    if settings.is_reachable_from_outside:
        say("From another machine, use the studio's address there in front of /join/.")
    say("The link works once, within a day; each start prints a new one.")


def _shown_host(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
