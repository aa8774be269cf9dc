"""Trainings in processes of their own that are killed by SIGKILL, as `kill -9` does.

    python -m tests.trainer.killed_training TRAINING

TRAINING is the JSON of a `Training`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests import warm


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


def train_until_killed(trainings: Sequence[Training]) -> None:
    """Start each training in a process of its own, and check that it was killed."""
    for training in trainings:
        process = warm.start(["-m", __spec__.name, json.dumps(training)])
        assert process.wait() == -signal.SIGKILL, training


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
    """Train as the argument says."""
    _train(Training(*json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
