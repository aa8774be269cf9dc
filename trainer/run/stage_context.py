"""What a run and each of its stages work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import torch

from trainer.cluster.connection import Cluster
from trainer.config import Recipe
from trainer.data.dataset import TaggedDataset
from trainer.machine.device import DeviceChoice
from trainer.machine.processes import Processes
from trainer.machine.stop import StopSignal
from trainer.run.directory import RunDir
from trainer.run.events import EventLog
from trainer.run.stage_profile import StageProfile


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What all stages of a run work with.

    Attributes:
        recipe: settings of all stages; a stage reads its own, the backbone and the seed.
        dataset: pictures to train on.
        run_dir: folder of all inputs and outputs.
        events: the log.
        device: where networks run.
        processes: the processes that share the work; one unless started through `accelerate launch`.
        stop: a request to end; loops check it between two steps or two pictures.
        is_profiled: whether the time of the phases of a stage is logged; a GPU is then waited for after each.
        cluster: whose processes share trainings and pictures; None if this process works alone, or as one of
            `processes`.
    """

    recipe: Recipe
    dataset: TaggedDataset
    run_dir: RunDir
    events: EventLog
    device: DeviceChoice
    processes: Processes
    stop: StopSignal = field(default_factory=StopSignal)
    is_profiled: bool = False
    cluster: Cluster | None = None


@dataclass(frozen=True, kw_only=True)
class StageContext(RunContext):
    """What one stage works with. Pictures that cannot be read are no longer in `dataset`.

    Attributes:
        key: hash of settings and inputs; training resumes only from a checkpoint that carries this key.
        inputs: key of every stage whose outputs exist and belong to these settings. Those of `NEEDS` are
            always there, those of `USES` may be missing.
        profile: where the time of the stage goes.
    """

    key: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    profile: StageProfile = field(default_factory=StageProfile)

    @classmethod
    def of(cls, run: RunContext, *, key: str, inputs: Mapping[str, str]) -> StageContext:
        """The context of a stage of a run."""
        device = run.device.device
        waits = run.is_profiled and device.type == "cuda"
        profile = StageProfile(partial(torch.cuda.synchronize, device) if waits else None)
        return cls(**vars(run), key=key, inputs=inputs, profile=profile)
