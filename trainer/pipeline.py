"""The pipeline: stages in order; what is done is skipped, what was cut off goes on."""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from pathlib import Path

from trainer.config import Recipe
from trainer.contract import STAGES
from trainer.data.accepted import check_accepted
from trainer.data.dataset import DatasetError, TaggedDataset
from trainer.data.folder import open_dataset
from trainer.data.images import unreadable_images
from trainer.errors import TrainerError, TrainerUsageError
from trainer.machine.device import DeviceChoice, choose_device
from trainer.machine.processes import Processes
from trainer.machine.start_method import WorkerEndedError
from trainer.machine.stop import RunStopped, StopSignal
from trainer.pretrained.encoders import load_encoder
from trainer.run.directory import DatasetRecord, RunDir
from trainer.run.events import EventLog, Listener
from trainer.run.stage_context import StageContext
from trainer.stage_graph import StageGraph

_STAGES_WITH_BACKBONE = {"classify", "affinity", "pixels", "segment"}

_NEVER_TAKEN_OVER = {"segment", "evaluate"}
"""Stages that read what no key knows: pictures of another split, and ground truth, which may come later."""


class DiskFullError(TrainerError):
    """There was no room for an output; what was there before is whole."""


def run(
    recipe: Recipe,
    dataset_root: Path | str,
    split: str,
    run_dir: Path | str,
    stages: Sequence[str] | None = None,
    resume: bool = True,
    *,
    device: str | None = None,
    listeners: tuple[Listener, ...] = (),
    stop: StopSignal | None = None,
    reuse: Sequence[Path | str] = (),
) -> RunDir:
    """Run stages of a recipe on a dataset; run again, it does what is left.

    A stage is skipped when it has finished with the same settings, seed and inputs. When these changed, it
    and all that depends on it run anew.

    Args:
        recipe: settings.
        dataset_root: folder in VOC layout, or with tags.csv.
        split: split to train on.
        run_dir: a new or empty folder, or that of an earlier run on the same dataset.
        stages: names from `STAGES`, in any order; None for all.
        resume: go on from checkpoints and finished pictures of a cut-off stage; False starts that stage anew.
        device: "cpu", "cuda", "cuda:N", or None for the best there is.
        listeners: are called with every event, see `trainer.run.events`.
        stop: set it to end the run after the step or the picture in hand.
        reuse: other run directories. A stage up to the pseudo-labels that one of them has finished with the
            same settings, seed and inputs is taken over from there, the first that has it.

    Returns:
        The run directory.

    Raises:
        TrainerUsageError: an unknown stage, or one whose inputs have never been made with these settings.
        RunStopped: `stop` was set; "run_stopped" is in the log.
        TrainerError: anything else a person can put right. Where the dataset, the run directory or the
            weights cannot be used, nothing has been started; later, "run_failed" with the reason is in the
            log.
    """
    chosen = _checked_stages(stages)
    choice, processes = _device_and_processes(device)
    if _STAGES_WITH_BACKBONE.intersection(chosen):
        load_encoder(recipe.backbone)
    dataset = open_dataset(dataset_root, split)
    if recipe.use_accepted:
        check_accepted(dataset)
    else:
        dataset = dataset.without_accepted()
    directory, stop = RunDir(run_dir), stop or StopSignal()
    others = tuple(RunDir(path) for path in reuse)
    if not processes.is_main:
        # The main process holds the lock and writes the log.
        log = EventLog(None)
        _Run(recipe, dataset, directory, choice, processes, log, stop, others).execute(chosen, resume=resume)
        return directory
    with directory.lock():
        directory.open(recipe, _dataset_record(dataset))
        events = EventLog(directory.events_path, listeners)
        events.write(
            "run_started",
            recipe=recipe.name,
            stages=list(chosen),
            device=choice.reason,
            accepted=len(dataset.accepted),
        )
        try:
            work = _Run(recipe, dataset, directory, choice, processes, events, stop, others)
            work.execute(chosen, resume=resume)
        except RunStopped:
            events.write("run_stopped")
            raise
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            # Nothing is written to the log: that would need room as well.
            raise DiskFullError(
                f"The disk that holds {directory.path} is full; free space and run again, it goes on where "
                f"it stopped."
            ) from error
        except BaseException as error:
            events.write("run_failed", error=type(error).__name__, message=str(error))
            raise
    return directory


class _Run:
    """One call of `run`, in one of its processes."""

    def __init__(
        self,
        recipe: Recipe,
        dataset: TaggedDataset,
        directory: RunDir,
        device: DeviceChoice,
        processes: Processes,
        events: EventLog,
        stop: StopSignal,
        others: tuple[RunDir, ...],
    ) -> None:
        self._recipe = recipe
        self._listed = dataset
        self._directory = directory
        self._device = device
        self._processes = processes
        self._events = events
        self._stop = stop
        self._others = others

    def execute(self, stages: Sequence[str], *, resume: bool) -> None:
        started = time.monotonic()
        dataset = self._readable()
        graph = StageGraph(self._recipe, dataset, self._directory)
        for name in stages:
            self._stage(graph, name, dataset, resume=resume)
        self._events.write("run_finished", seconds=round(time.monotonic() - started, 1))

    def _readable(self) -> TaggedDataset:
        """The pictures that can be decoded; found out once a run directory."""
        if self._processes.is_main and self._directory.manifest().dataset.skipped is None:
            self._directory.note_skipped(unreadable_images(self._listed))
        self._processes.wait()
        skipped = self._directory.manifest().dataset.skipped or {}
        if skipped:
            first = next(iter(skipped.values()))
            if self._recipe.on_bad_image == "stop":
                raise DatasetError(
                    f"{len(skipped)} pictures of {self._listed.root} cannot be read, and the recipe says to "
                    f"stop: {first}"
                )
            if len(skipped) == len(self._listed):
                raise DatasetError(f"None of the pictures of {self._listed.root} can be read: {first}")
            self._events.write("images_skipped", count=len(skipped), reasons=skipped)
        return self._listed.without(skipped)

    def _stage(self, graph: StageGraph, name: str, dataset: TaggedDataset, *, resume: bool) -> None:
        stage, key = graph.stage(name), graph.key(name)
        self._processes.wait()
        self._stop.check()
        if self._directory.is_done(name, key):
            self._events.write("stage_skipped", stage=name, key=key)
            return
        inputs = graph.inputs(name)
        self._processes.wait()
        if self._processes.is_main:
            self._take_over(name, key)
        self._processes.wait()
        if self._directory.is_done(name, key):
            return
        goes_on = False
        if self._processes.is_main:
            goes_on = self._directory.begin(
                name, key, settings=graph.settings(name), inputs=inputs, makes=stage.MAKES, resume=resume
            )
        self._processes.wait()
        started = time.monotonic()
        self._events.write("stage_started", stage=name, key=key, goes_on=goes_on)
        context = StageContext(
            self._recipe,
            dataset,
            self._directory,
            key,
            self._events,
            self._device,
            self._processes,
            inputs,
            self._stop,
        )
        try:
            result = stage.run(context)
        except WorkerEndedError:
            self._stop.check()  # a signal to the whole process group reached the workers too
            raise
        self._processes.wait()
        seconds = round(time.monotonic() - started, 1)
        if self._processes.is_main:
            self._directory.finish(name, {**result.summary, "seconds": seconds})
        self._events.write("stage_finished", stage=name, seconds=seconds, summary=result.summary)

    def _take_over(self, name: str, key: str) -> None:
        if name in _NEVER_TAKEN_OVER:
            return
        for other in self._others:
            if self._directory.take_over(name, key, other):
                self._events.write("stage_skipped", stage=name, key=key, taken_from=str(other.path))
                return


def _checked_stages(stages: Sequence[str] | None) -> tuple[str, ...]:
    chosen = STAGES if stages is None else tuple(stages)
    unknown = [name for name in chosen if name not in STAGES]
    if unknown:
        raise TrainerUsageError(f"Stage {unknown[0]!r} is not known; choose from {', '.join(STAGES)}.")
    return tuple(name for name in STAGES if name in chosen)


def _device_and_processes(device: str | None) -> tuple[DeviceChoice, Processes]:
    try:
        choice = choose_device(device)
        processes = Processes(cpu=choice.device.type == "cpu")
        if processes.count > 1 and choice.device.type == "cuda":
            choice = choose_device(f"cuda:{processes.local_rank}")
    except ValueError as error:
        raise TrainerUsageError(str(error)) from error
    return choice, processes


def _dataset_record(dataset: TaggedDataset) -> DatasetRecord:
    return DatasetRecord(
        root=str(dataset.root.resolve()),
        split=dataset.split,
        fingerprint=dataset.identity,
        class_names=dataset.class_names,
        pictures=len(dataset),
        accepted=len(dataset.accepted),
    )
