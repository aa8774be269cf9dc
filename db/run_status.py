"""The status of a run. Only these values are stored; `db.run_queue` and `db.runs` change them."""

from __future__ import annotations

from typing import Final, Literal, get_args

RunStatus = Literal["queued", "claimed", "running", "stopping", "done", "failed", "cancelled"]
RUN_STATUSES: Final[tuple[RunStatus, ...]] = get_args(RunStatus)

ACTIVE: Final[tuple[RunStatus, ...]] = ("claimed", "running", "stopping")
"""A worker has the run; no two runs of one device slot are active."""

ENDED: Final[tuple[RunStatus, ...]] = ("done", "failed", "cancelled")
"""The run has ended."""

RESUMABLE: Final[tuple[RunStatus, ...]] = ("failed", "cancelled")
"""The run can be put back into the queue; it continues from its checkpoint."""
