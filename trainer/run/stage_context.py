"""What a stage of the pipeline works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trainer.config import Recipe
from trainer.data.dataset import TaggedDataset
from trainer.machine.device import DeviceChoice
from trainer.machine.processes import Processes
from trainer.machine.stop import StopSignal
from trainer.run.directory import RunDir
from trainer.run.events import EventLog


@dataclass(frozen=True)
class StageContext:
    """What a stage works with.

    Attributes:
        recipe: settings of all stages; a stage reads its own, the backbone and the seed.
        dataset: pictures to train on; unreadable ones are already left out.
        run_dir: where inputs lie and outputs go.
        key: hash of settings and inputs; a checkpoint is gone on from only if it carries this key.
        events: the log.
        device: where networks run.
        processes: the processes that share the work; one unless started through `accelerate launch`.
        inputs: key of every stage whose outputs are there and belong to these settings; those of `NEEDS`
            always are, those of `USES` may be missing.
        stop: a wish to end; loops look at it between two steps or two pictures.
    """

    recipe: Recipe
    dataset: TaggedDataset
    run_dir: RunDir
    key: str
    events: EventLog
    device: DeviceChoice
    processes: Processes
    inputs: Mapping[str, str] = field(default_factory=dict)
    stop: StopSignal = field(default_factory=StopSignal)
