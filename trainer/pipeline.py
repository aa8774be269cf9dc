"""The pipeline: runs stages in order, skips what is done, and continues what was interrupted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trainer.cluster.connection import Cluster
from trainer.config import Recipe
from trainer.contract import (
    MAX_ROUNDS,
    EventKind,
    RunFailedFields,
    RunStartedFields,
    StageFinishedFields,
    StageSkippedFields,
    not_done,
    stages_of,
)
from trainer.data.accepted import check_accepted
from trainer.data.aliases import copy_aliases
from trainer.data.dataset import DatasetError, TaggedDataset
from trainer.data.folder import open_dataset
from trainer.data.saliency import check_saliency
from trainer.data.unreadable import unreadable_images
from trainer.errors import DiskFullError, TrainerUsageError, failure_code, is_disk_full
from trainer.machine.processes import device_and_processes
from trainer.machine.start_method import WorkerEndedError
from trainer.machine.stop import RunStopped, StopSignal
from trainer.pretrained.encoders import load_encoder
from trainer.remote_stage import run_remotely, trains
from trainer.run.directory import DatasetRecord, RunDir
from trainer.run.events import EventLog, Listener
from trainer.run.stage_context import RunContext, StageContext
from trainer.run.tensorboard import TensorBoardCurves, check_tensorboard
from trainer.stage_graph import StageGraph, stage_module
from trainer.training.requirements import check_methods


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
    aliases: Path | None = None,
    is_profiled: bool = False,
    cluster: Cluster | None = None,
) -> RunDir:
    """Run stages of a recipe on a dataset. Called again, it does what is left.

    A stage is skipped if it has finished with the same settings, seed and inputs. If any of these changed, it
    runs again, and so does every stage that depends on it.

    Args:
        recipe: settings.
        dataset_root: folder in VOC layout, or with tags.csv.
        split: split to train on.
        run_dir: a new or empty folder, or that of an earlier run on the same dataset.
        stages: names from `trainer.contract.stages_of`, in any order; None for all of the recipe.
        resume: continue an interrupted stage from its checkpoint and its finished pictures; False starts it
            again from the beginning.
        device: "cpu", "cuda", "cuda:N", or None to choose the best one.
        listeners: are called with every event, see `trainer.run.events`.
        stop: set it to end the run after the current step or picture.
        reuse: other run directories. A stage up to the pseudo-labels that one of them has finished with the
            same settings, seed and inputs is not run again: the outputs of the first such run are used.
        aliases: file that says what tags mean (`trainer.data.aliases`), which the run keeps a copy of; None
            keeps what the run has.
        is_profiled: log the seconds that each stage spends on reading, network, walk, CRF and writing.
        cluster: a Ray cluster whose processes share trainings and pictures; None works in this process, or in
            those that `accelerate launch` has started.

    Returns:
        The run directory.

    Raises:
        TrainerUsageError: a stage is unknown, or its inputs have not been made with these settings.
        RunStopped: `stop` was set; "run_stopped" is in the log.
        TrainerError: any other failure that a person can put right. If the dataset, the run directory or the
            weights cannot be used, nothing was started; later failures are in the log as "run_failed", if the
            disk has room for it.
    """
    chosen = _checked_stages(recipe, stages)
    choice, processes = device_and_processes(device if cluster is None else None)
    if cluster is not None:
        choice = replace(choice, reason=cluster.reason)
        if processes.count > 1:
            raise TrainerUsageError(
                "A run shared by a cluster is started once; leave out accelerate launch or --cluster."
            )
    if any(stage_module(name).STARTS_FROM_BACKBONE for name in chosen):
        load_encoder(recipe.backbone)
    dataset = open_dataset(dataset_root, split)
    if recipe.use_accepted:
        check_accepted(dataset)
    else:
        dataset = dataset.without_accepted()
    check_saliency(recipe.saliency, dataset.images)
    check_methods(recipe, dataset, chosen)
    if recipe.tensorboard:
        check_tensorboard()
    directory = RunDir(run_dir)

    def work(events: EventLog) -> None:
        context = RunContext(
            recipe=recipe,
            dataset=dataset,
            run_dir=directory,
            events=events,
            device=choice,
            processes=processes,
            stop=stop or StopSignal(),
            is_profiled=is_profiled,
            cluster=cluster,
        )
        _Run(context, tuple(RunDir(path) for path in reuse), resume).execute(chosen)

    if not processes.is_main:
        # The main process holds the lock and writes the log.
        work(EventLog(None))
        return directory
    with _full_disk_named(directory), directory.lock(), contextlib.ExitStack() as closing:
        directory.open(recipe, _dataset_record(dataset))
        if aliases is not None:
            copy_aliases(aliases, directory.aliases_path)
        if recipe.tensorboard:
            listeners = (closing.enter_context(TensorBoardCurves(directory)), *listeners)
        log = EventLog(directory.events_path, listeners)
        with _end_logged(log), _full_disk_named(directory):
            log.write(
                EventKind.RUN_STARTED,
                **RunStartedFields(
                    recipe=recipe.name,
                    stages=list(chosen),
                    device=choice.reason,
                    accepted=len(dataset.accepted),
                ),
            )
            work(log)
    return directory


@contextlib.contextmanager
def _full_disk_named(directory: RunDir) -> Iterator[None]:
    """Turn the system's error about a full disk into one that says what to do."""
    try:
        yield
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise DiskFullError(
            f"The disk that holds {directory.path} is full; free space and run again to continue."
        ) from error


@contextlib.contextmanager
def _end_logged(log: EventLog) -> Iterator[None]:
    """Log the error that ends the run, whatever it is, and raise it again."""
    try:
        yield
    except RunStopped:
        log.write(EventKind.RUN_STOPPED)
        raise
    except BaseException as error:
        fields = RunFailedFields(code=failure_code(error), error=type(error).__name__, message=str(error))
        # A full disk may have no room for the event; then the exit code tells.
        with contextlib.suppress(OSError):
            log.write(EventKind.RUN_FAILED, **fields)
        raise


@dataclass(frozen=True)
class _Run:
    """One call of `run`, in one of its processes.

    Attributes:
        context: what all stages work with; its dataset still has the pictures that cannot be read.
        others: runs whose outputs may be used.
        resume: whether interrupted stages continue.
    """

    context: RunContext
    others: tuple[RunDir, ...]
    resume: bool

    def execute(self, stages: Sequence[str]) -> None:
        started = time.monotonic()
        context = replace(self.context, dataset=self._readable())
        graph = StageGraph(context.recipe, context.dataset, context.run_dir)
        for name in stages:
            self._stage(context, graph, name)
        context.events.write(EventKind.RUN_FINISHED, seconds=round(time.monotonic() - started, 1))

    def _readable(self) -> TaggedDataset:
        """The pictures that can be decoded; each run directory checks them only once."""
        recipe, directory, listed = self.context.recipe, self.context.run_dir, self.context.dataset
        if self.context.processes.is_main and directory.manifest().dataset.skipped is None:
            directory.note_skipped(unreadable_images(listed))
        self.context.processes.wait()
        skipped = directory.manifest().dataset.skipped or {}
        if skipped:
            first = next(iter(skipped.values()))
            if recipe.on_bad_image == "stop":
                raise DatasetError(
                    f"{len(skipped)} pictures of {listed.root} cannot be read, and the recipe says to "
                    f"stop: {first}"
                )
            if len(skipped) == len(listed):
                raise DatasetError(f"None of the pictures of {listed.root} can be read: {first}")
            self.context.events.write(EventKind.IMAGES_SKIPPED, count=len(skipped), reasons=skipped)
        return listed.without(skipped)

    def _stage(self, run: RunContext, graph: StageGraph, name: str) -> None:
        directory, events, processes = run.run_dir, run.events, run.processes
        stage, key = stage_module(name), graph.key(name)
        processes.wait()
        run.stop.check()
        if directory.is_done(name, key):
            events.write(
                EventKind.STAGE_SKIPPED,
                stage=name,
                **StageSkippedFields(key=key),
                **_not_done(directory, name),
            )
            return
        inputs = graph.inputs(name)
        processes.wait()
        if processes.is_main and stage.KEY_IS_COMPLETE:
            self._take_over(name, key)
        processes.wait()
        if directory.is_done(name, key):
            return
        goes_on = False
        if processes.is_main:
            goes_on = directory.begin(
                name,
                key,
                settings=graph.settings(name),
                inputs=inputs,
                makes=stage.MAKES,
                resume=self.resume,
            )
        processes.wait()
        started = time.monotonic()
        events.write(EventKind.STAGE_STARTED, stage=name, key=key, goes_on=goes_on)
        try:
            context = StageContext.of(run, key=key, inputs=inputs)
            if run.cluster is not None and trains(run.recipe, name):
                result = run_remotely(context, name, run.cluster)
            else:
                result = stage.run(context)
        except WorkerEndedError:
            run.stop.check()  # a signal to the whole process group reached the workers too
            raise
        processes.wait()
        seconds = round(time.monotonic() - started, 1)
        if processes.is_main:
            directory.finish(name, {**result.summary, **result.not_done, "seconds": seconds})
        fields = StageFinishedFields(seconds=seconds, summary=result.summary)
        if run.is_profiled:
            fields["profile"] = context.profile.seconds()
        events.write(EventKind.STAGE_FINISHED, stage=name, **fields, **result.not_done)

    def _take_over(self, name: str, key: str) -> None:
        """Use the outputs of the first other run that has finished the stage with this key."""
        for other in self.others:
            if self.context.run_dir.take_over(name, key, other):
                fields = StageSkippedFields(key=key, taken_from=str(other.path))
                reasons = _not_done(self.context.run_dir, name)
                self.context.events.write(EventKind.STAGE_SKIPPED, stage=name, **fields, **reasons)
                return


def _not_done(directory: RunDir, name: str) -> dict[str, str]:
    """What a finished stage had not done, from its summary."""
    record = directory.record(name)
    return not_done(record.summary) if record else {}


def _checked_stages(recipe: Recipe, stages: Sequence[str] | None) -> tuple[str, ...]:
    known = recipe.stages
    chosen = known if stages is None else tuple(stages)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        hint = ""
        if unknown[0] in stages_of(MAX_ROUNDS):
            hint = f" It belongs to a later round, and the recipe has rounds = {recipe.rounds}."
        raise TrainerUsageError(f"Stage {unknown[0]!r} is not known; choose from {', '.join(known)}.{hint}")
    return tuple(name for name in known if name in chosen)


def _dataset_record(dataset: TaggedDataset) -> DatasetRecord:
    return DatasetRecord(
        root=str(dataset.root.resolve()),
        split=dataset.split,
        fingerprint=dataset.identity,
        class_names=dataset.class_names,
        pictures=len(dataset),
        accepted=len(dataset.accepted),
    )
