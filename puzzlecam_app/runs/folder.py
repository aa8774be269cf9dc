"""Where the files of a run lie in the workspace, and the name of the run in its proposals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it imports torch, which quick commands do not need
    from trainer.run.directory import RunDir

LOG_LINES = 40
_TAIL_BYTES = 16_384


def proposer(run_id: int) -> str:
    """The name that stands for a run in the proposals that were published from it."""
    return f"run/{run_id}"


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run.

    ```
    snapshot.json   what the run learns from: items, tags and masks at the time it was started
    dataset/        the same as a dataset in VOC layout; pictures are links
    recipe.toml     every setting
    attempt.json    sizes of the logs when the trainer was last started
    train.log       what the trainer printed
    train/          the trainer's run directory
    ```
    """

    path: Path

    @classmethod
    def of(cls, runs_dir: Path, run_id: int) -> RunFolder:
        """The folder of a run; it may not exist."""
        return cls(runs_dir / str(int(run_id)))

    @property
    def snapshot_path(self) -> Path:
        return self.path / "snapshot.json"

    @property
    def dataset(self) -> Path:
        return self.path / "dataset"

    @property
    def recipe_path(self) -> Path:
        return self.path / "recipe.toml"

    @property
    def attempt_path(self) -> Path:
        return self.path / "attempt.json"

    @property
    def log_path(self) -> Path:
        return self.path / "train.log"

    @property
    def train(self) -> RunDir:
        from trainer.run.directory import RunDir

        return RunDir(self.path / "train")

    def log_tail(self, lines: int = LOG_LINES, *, start: int = 0) -> str:
        """The last lines that the trainer printed after byte `start` of its log; "" if there are none."""
        try:
            with self.log_path.open("rb") as log:
                size = log.seek(0, 2)
                log.seek(max(start, size - _TAIL_BYTES))
                text = log.read().decode("utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])
