"""Where a run stands. Only these words are stored; `db.run_queue` holds which may follow which."""

from __future__ import annotations

from typing import Final, Literal, get_args

RunStatus = Literal["queued", "claimed", "running", "stopping", "done", "failed", "cancelled"]
RUN_STATUSES: Final[tuple[RunStatus, ...]] = get_args(RunStatus)

ACTIVE: Final[tuple[RunStatus, ...]] = ("claimed", "running", "stopping")
"""A worker has the run; no two runs of one device slot are active."""

ENDED: Final[tuple[RunStatus, ...]] = ("done", "failed", "cancelled")
"""Nobody works on the run."""

RESUMABLE: Final[tuple[RunStatus, ...]] = ("failed", "cancelled")
"""May be put back into the queue; it goes on from its checkpoint."""
