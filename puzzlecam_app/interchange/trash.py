"""The trash: a removed dataset can come back for 30 days, then its masks and copied pictures are deleted."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from db import trash
from db.errors import StorageError
from db.models import utc_now
from puzzlecam_app.interchange.stores import Stores

KEPT_FOR: Final = timedelta(days=30)
_YOUNG: Final = timedelta(hours=1)
"""A file that was written or used again since then may belong to work that is not stored yet."""
_EVERY_S: Final = 6 * 3600.0
_log = logging.getLogger(__name__)


def empty_trash(stores: Stores, now: datetime, live_dir: Path | None = None) -> list[str]:
    """Delete what datasets leave behind that were removed more than 30 days ago; returns their names.

    Who did what when stays in the history; only masks and copied pictures are deleted, and what a live model
    learned. What another dataset needs stays too, and so do files of the last hour.

    Args:
        stores: Database, masks and copied pictures.
        now: The present time, UTC.
        live_dir: Folder with one folder for the live model of each dataset; None if there is none.
    """
    with stores.database.write() as session:
        ids = []
        for dataset in trash.expired(session, now - KEPT_FOR):
            trash.empty(session, dataset)
            ids.append((dataset.id, dataset.name))
    for dataset_id, _name in ids:
        with stores.database.read() as session:
            masks = trash.unused_masks(session, dataset_id)
            copies = trash.unused_copies(session, dataset_id)
        young = now - _YOUNG
        _delete((stores.masks.path(one) for one in masks), young)
        _delete((stores.images_dir / one for one in copies), young)
        if live_dir is not None:
            shutil.rmtree(live_dir / str(dataset_id), ignore_errors=True)
    return [name for _, name in ids]


def _delete(paths: Iterable[Path], young: datetime) -> None:
    for path in paths:
        try:
            if path.stat().st_mtime < young.timestamp():
                path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            _log.warning("%s could not be deleted: %s", path, error)


class TrashDuty:
    """Empties the trash when the studio starts, and a few times a day.

    Args:
        stores: Database, masks and copied pictures.
        live_dir: See `empty_trash`.
        clock: Says the present time, UTC.
    """

    def __init__(self, stores: Stores, live_dir: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self._stores = stores
        self._live_dir = live_dir
        self._clock = clock
        self._is_closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; a second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="trash", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop, and wait for what is being deleted."""
        self._is_closing.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._is_closing.is_set():
            try:
                for name in empty_trash(self._stores, self._clock(), self._live_dir):
                    _log.warning("the dataset %r was removed 30 days ago; its masks are deleted", name)
            except StorageError as error:
                _log.warning("the trash could not be emptied: %s", error)
            self._is_closing.wait(_EVERY_S)
