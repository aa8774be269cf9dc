"""The training loop of all networks: accumulate, step, log, checkpoint, resume; also with several processes.

No random state passes from step to step: order, views and torch's generator are functions of random seed,
epoch and step. So a checkpoint holds only weights, buffers, optimiser state, moving average and the number of
the step.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.utils import GradientAccumulationPlugin
from torch import Tensor, nn

from trainer.contract import FailureCode, split_round
from trainer.errors import TrainerError
from trainer.machine.determinism import repeatable, step_seed
from trainer.machine.start_method import WorkerEndedError
from trainer.run.stage_context import StageContext
from trainer.training.batches import Batch, BatchPlan, Samples, epoch_batches
from trainer.training.ema import MovingAverage
from trainer.training.log import Alarm, TrainingLog
from trainer.training.optimiser import IsNew, build_optimizer, set_rates
from trainer.training.state import TrainingState
from trainer.training_config import TrainingConfig

LOSS = "loss"


class TrainingDivergedError(TrainerError):
    """A loss is no longer a finite number; going on would only spoil the weights."""

    code = FailureCode.DIVERGED


def _no_alarms(_epoch: int) -> Iterable[Alarm]:
    return ()


@dataclass(frozen=True)
class Training:
    """What is trained.

    Attributes:
        stage: name in the log and of the checkpoint.
        step: module whose `forward(batch, progress)` returns scalars by name; "loss" is minimised. One call
            is one backward pass, however often it runs a network. `progress` in [0, 1) is the share of the
            training that is done.
        samples: the pictures.
        config: epochs, batches, optimiser, precision.
        is_new: tells from the name of one of the step's parameters whether it is not pretrained.
        end_epoch: called in every process after each epoch with its number, from 1; returns alarms.
    """

    stage: str
    step: nn.Module
    samples: Samples
    config: TrainingConfig
    is_new: IsNew
    end_epoch: Callable[[int], Iterable[Alarm]] = _no_alarms


@dataclass(frozen=True)
class TrainingOutcome:
    """The result of a training.

    Attributes:
        steps: optimiser steps, those of earlier attempts included.
        seconds: time of this attempt.
        losses: mean of each term over the steps that this attempt did of the last epoch; empty if none.
    """

    steps: int
    seconds: float
    losses: dict[str, float]


def train(context: StageContext, training: Training) -> TrainingOutcome:
    """Train until the last epoch, from the stage's checkpoint if there is one.

    Afterwards `training.step` holds the trained weights (their moving average if that is on) on the device,
    in evaluation mode.

    Raises:
        TrainingDivergedError: a loss became infinite or NaN; an alarm "nan" is in the log.
        RunStopped: the run was asked to stop; the checkpoint is that of the last step.
        WorkerEndedError: a worker that reads pictures was killed.
        CheckpointError: the checkpoint is damaged.
        TrainerUsageError: the batch cannot be divided equally among the processes.
    """
    with repeatable(context.recipe.deterministic):
        return _Loop(context, training).run()


class _Loop:
    def __init__(self, context: StageContext, training: Training) -> None:
        config = training.config
        self._context = context
        self._training = training
        self._config = config
        self._device = context.device.device
        self._dtype = _dtype(config, context)
        self._memory_format = torch.channels_last if config.channels_last else torch.contiguous_format
        self._plan = BatchPlan(
            len(training.samples),
            config.batch_size,
            config.accumulate,
            context.processes.count,
            context.recipe.seed,
        )
        self._steps = self._plan.steps_per_epoch * config.epochs
        step = training.step.to(self._device).to(memory_format=self._memory_format)
        self._optimizer = build_optimizer(step, config.optimizer, training.is_new)
        self._average = MovingAverage(step, config.ema_decay) if config.ema_decay else None
        self._state = TrainingState(
            context.run_dir.checkpoint_path(training.stage), context.key, step, self._optimizer, self._average
        )
        self._done = self._state.load()
        self._is_stopping = False
        self._accelerator = Accelerator(
            cpu=self._device.type == "cpu",
            # The recipe sets autocast and accumulation; `accelerate launch` must not add its own.
            mixed_precision="no",
            gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=1),
        )
        self._shared: nn.Module = self._accelerator.prepare_model(step, device_placement=False)
        self._log = TrainingLog(
            context.events, training.stage, config.epochs, self._steps, self._done, config.batch_size
        )

    def run(self) -> TrainingOutcome:
        started = time.monotonic()
        losses: dict[str, float] = {}
        for epoch in range(self._done // self._plan.steps_per_epoch, self._config.epochs):
            losses = self._epoch(epoch)
        if self._average is not None:
            self._average.copy_to(self._training.step)
        self._training.step.eval()
        return TrainingOutcome(self._steps, time.monotonic() - started, losses)

    def _epoch(self, epoch: int) -> dict[str, float]:
        steps = self._plan.steps_per_epoch
        self._shared.train()
        first = self._done - epoch * steps
        sums: defaultdict[str, float] = defaultdict(float)
        for parts in self._batches(epoch, first):
            terms = self._optimize(parts)
            for name, value in terms.items():
                sums[name] += value
            if self._done % self._config.log_every_steps == 0 or self._done % steps == 0:
                self._log.step(epoch + 1, self._done, terms, self._optimizer.param_groups[0]["lr"])
            if self._done % steps == 0:
                break  # the end of the epoch is logged before anything else
            if self._is_stopping or self._done % self._config.checkpoint_every_steps == 0:
                self._save()
            self._stop_if_asked()
        losses = {name: value / (steps - first) for name, value in sums.items()}
        self._log.epoch(epoch + 1, losses, self._training.end_epoch(epoch + 1))
        self._save()
        self._stop_if_asked()
        return losses

    def _batches(self, epoch: int, first_step: int) -> Iterator[list[Batch]]:
        batches = epoch_batches(
            self._training.samples,
            self._plan,
            epoch,
            first_step=first_step,
            rank=self._context.processes.rank,
            workers=self._config.workers,
        )
        try:
            yield from batches
        except WorkerEndedError:
            # A signal to the whole process group asks the run to stop, but ends its workers at once.
            if self._context.stop.is_set:
                self._save()
            raise

    def _stop_if_asked(self) -> None:
        if self._is_stopping:
            self._context.stop.set()  # in every process, whichever was asked
            self._context.stop.check()

    def _optimize(self, parts: list[Batch]) -> dict[str, float]:
        """One optimiser step; returns the terms, averaged over parts and processes."""
        set_rates(self._optimizer, self._done / self._steps, self._config.optimizer.poly_power)
        self._optimizer.zero_grad(set_to_none=True)
        # Dropout and the like draw from torch's generator: each step and process has its own, resumed or not.
        torch.manual_seed(step_seed(self._plan.seed, self._done, self._context.processes.rank))
        values: dict[str, Tensor] = {}
        for number, batch in enumerate(parts, start=1):
            is_last = number == len(parts)
            with contextlib.nullcontext() if is_last else self._accelerator.no_sync(self._shared):
                terms = self._forward(batch)
                self._accelerator.backward(terms[LOSS] / len(parts))
            for name, term in terms.items():
                values[name] = values.get(name, 0.0) + term.detach().float() / len(parts)
        # The request to stop travels with the losses, because all processes must stop after the same step.
        request = torch.tensor(float(self._context.stop.is_set), device=self._device)
        mean = self._accelerator.reduce(torch.stack([*values.values(), request]), "mean").tolist()
        losses = dict(zip(values, mean, strict=False))
        self._is_stopping = mean[-1] > 0
        self._refuse_nan(losses)
        self._optimizer.step()
        self._done += 1
        if self._average is not None:
            self._average.update(self._training.step, self._done)
        return losses

    def _forward(self, batch: Batch) -> dict[str, Tensor]:
        on_device = {name: self._placed(tensor) for name, tensor in batch.items()}
        enabled = self._dtype != torch.float32
        with torch.autocast(self._device.type, self._dtype, enabled=enabled):
            terms: dict[str, Tensor] = self._shared(on_device, self._done / self._steps)
        return terms

    def _placed(self, tensor: Tensor) -> Tensor:
        placed = tensor.to(self._device, non_blocking=True)
        return placed.contiguous(memory_format=self._memory_format) if placed.ndim == 4 else placed

    def _refuse_nan(self, losses: dict[str, float]) -> None:
        wrong = [name for name, value in losses.items() if not math.isfinite(value)]
        if not wrong:
            return
        stage = self._training.stage
        message = (
            f"Training of {stage} diverged at step {self._done + 1} of {self._steps}: its {wrong[0]} is not "
            f"a finite number; lower {split_round(stage)[0]}.optimizer.learning_rate (now "
            f"{self._config.optimizer.learning_rate}) and run again."
        )
        self._log.alarm(Alarm("nan", message, {"terms": wrong, "step": self._done + 1}))
        raise TrainingDivergedError(message)

    def _save(self) -> None:
        if self._context.processes.is_main:
            self._state.save(self._done)


def _dtype(config: TrainingConfig, context: StageContext) -> torch.dtype:
    if config.precision == "auto":
        return context.device.dtype
    return torch.float32 if config.precision == "float32" else torch.bfloat16
