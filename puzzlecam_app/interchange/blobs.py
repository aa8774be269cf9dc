"""Files named after their content: written once, whole or not at all, never changed."""

from __future__ import annotations

import contextlib
from pathlib import Path

from trainer.machine.durable_write import write_atomic


def store_blob(root: Path, sha256: str, suffix: str, data: bytes) -> str:
    """Write `data` to ``ab/<sha256><suffix>`` under `root` unless it is there; returns that path.

    The file is on the disk when this returns, and no reader ever sees half of it.
    """
    relative = f"{sha256[:2]}/{sha256}{suffix}"
    target = root / relative
    if not target.exists() or target.stat().st_size != len(data):
        write_atomic(target, data)
    else:
        with contextlib.suppress(OSError):
            target.touch()  # it is needed again; the trash deletes old files only
    return relative
