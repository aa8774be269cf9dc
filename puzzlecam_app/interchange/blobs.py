"""Files named after their content: written once, whole or not at all, never changed."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def store_blob(root: Path, sha256: str, suffix: str, data: bytes) -> str:
    """Write `data` to ``ab/<sha256><suffix>`` under `root` unless it is there; returns that path.

    The file is on the disk when this returns, and no reader ever sees half of it.
    """
    relative = f"{sha256[:2]}/{sha256}{suffix}"
    target = root / relative
    if not target.exists() or target.stat().st_size != len(data):
        write_durably(target, data)
    return relative


def write_durably(target: Path, data: bytes) -> None:
    """Write a file beside its place, flush it to the disk and rename it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are for their owner alone, and exports link to these.
    temporary = target.with_name(f".new-{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
