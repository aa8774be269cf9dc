"""A stage of a run as it is sent to another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trainer.config import Recipe
from trainer.data.dataset import TaggedDataset
from trainer.machine.processes import device_and_processes
from trainer.machine.stop import StopSignal
from trainer.run.directory import RunDir
from trainer.run.events import EventLog
from trainer.run.stage_context import StageContext


@dataclass(frozen=True)
class StageCall:
    """What a stage works with, without what belongs to a process; attributes as in `StageContext`."""

    recipe: Recipe
    dataset: TaggedDataset
    run_dir: Path
    key: str
    inputs: Mapping[str, str]
    device: str

    @classmethod
    def of(cls, context: StageContext, device: str) -> StageCall:
        """The call of a stage whose networks run on "cpu" or "cuda" there."""
        path = context.run_dir.path.resolve()
        return cls(context.recipe, context.dataset, path, context.key, dict(context.inputs), device)

    def context(
        self, run_dir: Path | None = None, *, events: EventLog | None = None, stop: StopSignal | None = None
    ) -> StageContext:
        """The stage's context in this process.

        Args:
            run_dir: takes the place of the run directory.
            events: the log; by default nothing is written.
            stop: a request to end.

        Raises:
            TrainerUsageError: this machine does not have the device.
        """
        device, processes = device_and_processes(self.device)
        return StageContext(
            recipe=self.recipe,
            dataset=self.dataset,
            run_dir=RunDir(run_dir or self.run_dir),
            events=events or EventLog(None),
            device=device,
            processes=processes,
            stop=stop or StopSignal(),
            key=self.key,
            inputs=self.inputs,
        )
