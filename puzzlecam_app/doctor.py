"""Checks what works on this machine, with a remedy for what does not. Changes nothing."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from puzzlecam_app.chromium import ChromiumError, find_chromium
from puzzlecam_app.installed import crf_setback, direct_packages
from puzzlecam_app.settings import Settings

Level = Literal["ok", "warn", "fail"]

LEAST_FREE_GB = 1.0
_SET_UP = "Run: python3 launch.py setup"


@dataclass(frozen=True)
class Check:
    """One line of the report; `remedy` is None if there is nothing to do."""

    name: str
    level: Level
    detail: str
    remedy: str | None = None


def worst_level(checks: list[Check]) -> Level:
    """Return the worst level among `checks`."""
    levels = {check.level for check in checks}
    return "fail" if "fail" in levels else "warn" if "warn" in levels else "ok"


def _check_python(_: Settings) -> Check:
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {sys.executable}"
    if sys.version_info < (3, 11):  # noqa: UP036 - pip can be told to ignore requires-python
        return Check("Python", "fail", detail, "Install Python 3.11 or newer")
    return Check("Python", "ok", detail)


def _check_packages(_: Settings) -> Check:
    packages = direct_packages()
    broken = [
        f"{package.name} {package.installed or 'is missing'} (needs {package.required or 'any version'})"
        for package in packages
        if not package.is_usable
    ]
    if broken:
        return Check("packages", "fail", ", ".join(broken), _SET_UP)
    untested = [
        f"{package.name} {package.installed} (tested with {package.tested})"
        for package in packages
        if not package.is_tested
    ]
    if untested:
        return Check("packages", "warn", f"not the tested versions: {', '.join(untested)}", _SET_UP)
    return Check("packages", "ok", f"{len(packages)} direct dependencies in the right versions")


def _check_device(_: Settings) -> Check:
    import torch

    from trainer.machine.device import choose_device

    return Check("device", "ok", f"{choose_device().reason} PyTorch {torch.__version__}.")


def _check_crf(_: Settings) -> Check:
    from trainer.masks.crf import crf_available

    status = crf_available()
    if status.available:
        return Check("dense CRF", "ok", status.reason)
    reason = crf_setback()
    return Check(
        "dense CRF",
        "warn",
        f"The dense CRF is off because {reason}." if reason else status.reason,
        "Fix that, then run: python3 launch.py setup",
    )


def _check_weights(_: Settings) -> Check:
    from trainer.pretrained.backbones import BackboneError, load_backbone

    try:
        backbone = load_backbone()
    except BackboneError as error:
        return Check("offline weights", "fail", str(error), _SET_UP)
    return Check("offline weights", "ok", f"loaded {backbone.identity}")


def _check_workspace(settings: Settings) -> Check:
    folder = settings.workspace
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Check(
            "workspace",
            "fail",
            f"{existing} cannot be written",
            "Choose another folder with --workspace or PUZZLECAM_WORKSPACE",
        )
    free_gb = shutil.disk_usage(existing).free / 1e9
    detail = f"{folder}{'' if folder.exists() else ' (created at the first start)'}, {free_gb:.1f} GB free"
    if free_gb < LEAST_FREE_GB:
        return Check("workspace", "warn", detail, "Free some disk space before importing or training")
    return Check("workspace", "ok", detail)


def _check_database(settings: Settings) -> Check:
    from alembic.script import ScriptDirectory
    from sqlalchemy import inspect, make_url, text

    from db.engine import open_database
    from db.errors import StorageError
    from db.migrate import SCRIPTS

    try:
        url = make_url(settings.resolve_database_url())
        shown = url.render_as_string(hide_password=True)
        # Opening an SQLite file would create it.
        if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
            return Check("database", "ok", f"{shown} (created at the first start)")
        with closing(open_database(settings.resolve_database_url())) as database, database.read() as session:
            tables = inspect(session.connection()).get_table_names()
            known = "alembic_version" in tables
            revision = session.scalar(text("SELECT version_num FROM alembic_version")) if known else None
    except StorageError as error:
        return Check("database", "fail", str(error), "Correct --database-url or PUZZLECAM_DATABASE_URL")
    newest = ScriptDirectory(str(SCRIPTS)).get_current_head()
    if revision == newest:
        return Check("database", "ok", f"{shown}, schema {revision}")
    return Check(
        "database", "warn", f"{shown}, schema {revision or 'empty'}; the next start upgrades it to {newest}"
    )


def _check_storage(settings: Settings) -> Check:
    from puzzlecam_app.storage.checking import stores_of, trouble_of

    stores = stores_of(settings)
    if not stores:
        return Check("storage", "ok", "everything is on the local disk")
    for name, url in stores.items():
        trouble = trouble_of(url)
        if trouble is not None:
            return Check(
                "storage",
                "fail",
                f"the storage of {name} {url} cannot be used: {trouble}",
                f"Check the storage and the credentials, or correct PUZZLECAM_{name.upper()}_URL",
            )
    return Check("storage", "ok", ", ".join(f"{name} also in {url}" for name, url in stores.items()))


def _check_port(settings: Settings) -> Check:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return Check(
                "port",
                "warn",
                f"{settings.host}:{settings.port} cannot be used now ({error.strerror}); "
                "the studio may be running already",
                "Nothing to do: the next start uses the next free port",
            )
    return Check("port", "ok", f"{settings.host}:{settings.port} is free")


def _check_chromium(_: Settings) -> Check:
    try:
        path = find_chromium()
    except ChromiumError as error:
        return Check("Chromium", "warn", str(error), "Only the tests need it")
    if path is None:
        return Check(
            "Chromium", "warn", "none found; only the tests need it", "python3 launch.py test installs one"
        )
    return Check("Chromium", "ok", f"{path} (for the tests)")


CHECKS: Mapping[str, Callable[[Settings], Check]] = {
    "Python": _check_python,
    "packages": _check_packages,
    "device": _check_device,
    "dense CRF": _check_crf,
    "offline weights": _check_weights,
    "workspace": _check_workspace,
    "database": _check_database,
    "storage": _check_storage,
    "port": _check_port,
    "Chromium": _check_chromium,
}


def examine(settings: Settings) -> Iterator[Check]:
    """Yield the results of the checks, one after the other; a check that raises has failed."""
    for name, check in CHECKS.items():
        try:
            yield check(settings)
        except Exception as error:  # a broken installation raises anything
            yield Check(name, "fail", f"{type(error).__name__}: {error}", _SET_UP)
