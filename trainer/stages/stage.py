"""What a stage gets and gives.

A stage is a module with

- `NAME`; `VERSION`, raised when its arithmetic changes: stored outputs then count as stale;
- `NEEDS`, stages whose outputs it reads, and `USES`, those it reads if they are there;
- `MAKES`, files and folders it writes, relative to the run directory;
- `run`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from trainer.run.stage_context import StageContext


@dataclass(frozen=True)
class StageResult:
    """What a stage reports: counts and figures for the manifest, as JSON values."""

    summary: dict[str, Any] = field(default_factory=dict)


class Stage(Protocol):
    """A stage's module."""

    NAME: str
    NEEDS: tuple[str, ...]
    USES: tuple[str, ...]
    MAKES: tuple[str, ...]
    VERSION: int

    def run(self, context: StageContext) -> StageResult:
        """Do the work. Every process calls it; outputs of a cut-off attempt are there and may be kept."""
