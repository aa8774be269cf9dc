"""Files written whole or not at all, and trees of hard links."""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from pathlib import Path

_log = logging.getLogger(__name__)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never half of it.

    Parent folders are created. The data reach the disk before the name changes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: only the owner could read its files, and people share workspaces and exports.
    temporary = path.with_name(f".new-{uuid.uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_cache(path: Path, data: bytes) -> bool:
    """Write a file that can be made again; returns whether it was written.

    A full or failing disk only means that it is made again the next time.
    """
    try:
        write_atomic(path, data)
    except OSError as error:
        _log.warning("a cache cannot be written: %s", error)
        return False
    return True


def link_tree(source: Path, target: Path) -> None:
    """Hard-link a file, or every file of a folder, under a second name; copy it where links cannot be made.

    Writers here replace files as a whole, so a later write under one name never shows under the other.

    Args:
        source: a file or a folder.
        target: the second name of the file, or the folder for the second names.

    Raises:
        OSError: the source is missing, or the disk is full.
    """
    files = [path for path in source.rglob("*") if path.is_file()] if source.is_dir() else [source]
    for path in files:
        name = target / path.relative_to(source)
        name.parent.mkdir(parents=True, exist_ok=True)
        name.unlink(missing_ok=True)
        try:
            os.link(path, name)
        except FileNotFoundError:
            raise
        except OSError:
            shutil.copy2(path, name)
