"""Trainings in processes of their own that are killed by SIGKILL, as `kill -9` does.

    python -m tests.trainer.killed_training TRAININGS.json

TRAININGS.json holds a list of what `train_until_killed` takes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]


class Training(NamedTuple):
    """A training that is to be killed.

    Attributes:
        root: the dataset, whose split is `train`.
        path: the run, whose stages before `stage` are done as well.
        settings: overrides of the recipe `tiny`.
        stage: the stage that trains.
        step: the process is killed when this step has been logged, from 1.
    """

    root: str
    path: str
    settings: Sequence[str]
    stage: str
    step: int


def train_until_killed(trainings: Sequence[Training], folder: Path) -> None:
    """Kill each training. All are copies of one process that has imported the trainer and computed nothing.

    Args:
        trainings: what is trained.
        folder: for a file with them.
    """
    given = folder / "trainings.json"
    given.write_text(json.dumps(trainings), encoding="utf-8")
    subprocess.run([sys.executable, "-m", __spec__.name, given], cwd=ROOT, check=True)


def _train(training: Training) -> None:
    import torch

    from trainer import pipeline
    from trainer.contract import STAGES
    from trainer.recipes import load_recipe

    def kill(event: dict[str, Any]) -> None:
        if (event["kind"], event.get("stage"), event.get("step")) == ("step", training.stage, training.step):
            os.kill(os.getpid(), signal.SIGKILL)

    torch.set_num_threads(1)
    recipe = load_recipe("tiny", tuple(training.settings))
    stages = STAGES[: STAGES.index(training.stage) + 1]
    pipeline.run(recipe, training.root, "train", training.path, stages, device="cpu", listeners=(kill,))


def main() -> None:
    """Fork a process for each training, one after another, and check that it was killed."""
    import trainer.pipeline  # noqa: F401 - imported once for all

    for given in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        child = os.fork()
        if child == 0:
            try:
                _train(Training(*given))
            finally:
                os._exit(1)  # it was not killed
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, given


if __name__ == "__main__":
    main()
