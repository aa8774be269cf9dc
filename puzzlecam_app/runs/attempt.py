"""What is known when an attempt at a run begins, so that its end is not judged by an earlier one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from puzzlecam_app.runs.event_mirror import log_size
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.outcome import memory_kills
from trainer.machine.durable_write import write_atomic


@dataclass(frozen=True)
class Attempt:
    """An attempt, stored in the folder of the run.

    Attributes:
        events, log: sizes of the event log and of the trainer's output in bytes.
        memory_kills: how many processes the system had ended for lack of memory.
        job: name of the job in a cluster; None on this machine, and when its end has been judged.
    """

    events: int = 0
    log: int = 0
    memory_kills: int = 0
    job: str | None = None

    @classmethod
    def begin(cls, folder: RunFolder, job: str | None = None) -> Attempt:
        """Store what is known now, as a new attempt."""
        sizes = log_size(folder.train.events_path), log_size(folder.log_path)
        return cls(*sizes, memory_kills(), job)._stored(folder)

    @classmethod
    def read(cls, folder: RunFolder) -> Attempt:
        """The latest attempt; as if nothing had been there before if it cannot be read."""
        try:
            facts: dict[str, Any] = json.loads(folder.attempt_path.read_bytes())
            return cls(**{name: facts[name] for name in cls.__dataclass_fields__ if name in facts})
        except (OSError, ValueError, AttributeError, TypeError):
            return cls()

    def without_job(self, folder: RunFolder) -> None:
        """Forget the job, because its end has been judged."""
        if self.job is not None:
            replace(self, job=None)._stored(folder)

    def _stored(self, folder: RunFolder) -> Attempt:
        write_atomic(folder.attempt_path, json.dumps(asdict(self)).encode())
        return self
