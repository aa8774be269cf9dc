"""A run directory: its layout, its manifest, and the lock that keeps other processes out."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.config import Recipe
from trainer.contract import (
    EVENTS_FILE,
    MANIFEST_FILE,
    METRICS_FILE,
    RELABEL,
    TENSORBOARD_FOLDER,
    FailureCode,
    Folder,
    in_round,
)
from trainer.data.aliases import ALIASES_FILE
from trainer.errors import TrainerError
from trainer.machine.durable_write import link_tree, write_atomic
from trainer.machine.file_lock import FileLock

MANIFEST_VERSION = 1
_MAPS = "maps"
"""Folder of a later round with its maps; those of the first round are in several folders."""


class RunDirError(TrainerError):
    """A run directory cannot be used as asked; the message names it and says what to do."""

    code = FailureCode.BAD_RUN_DIRECTORY


class AnotherDatasetError(RunDirError):
    """A run directory holds a run on another dataset, or on pictures that have changed since."""

    code = FailureCode.ANOTHER_DATASET


class RunDirInUseError(RunDirError):
    """Another process is working in a run directory."""

    code = FailureCode.RUN_DIRECTORY_IN_USE


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StageRecord(_Record):
    """What the manifest says about one stage."""

    key: str = Field(description="Hash of the settings and inputs that the outputs belong to.")
    status: Literal["running", "done"] = Field(description="A stage that was interrupted is running, too.")
    started: str = Field(description="UTC, ISO 8601.")
    finished: str | None = Field(default=None, description="UTC, ISO 8601.")
    settings: dict[str, Any] = Field(description="Settings that change results.")
    inputs: dict[str, str] = Field(description="Key of each stage whose outputs it read.")
    makes: tuple[str, ...] = Field(description="Files and folders it writes, relative to the run directory.")
    summary: dict[str, Any] = Field(default_factory=dict, description="Counts and figures for people.")


class DatasetRecord(_Record):
    """The pictures that the run was made from."""

    root: str = Field(description="Folder of the dataset at the latest start.")
    split: str = Field(description="Split that was trained on.")
    fingerprint: str = Field(description="See trainer.data.dataset.TaggedDataset.identity.")
    class_names: tuple[str, ...] = Field(description="Position k stands for mask index k + 1.")
    pictures: int = Field(description="Pictures in the split, including the skipped ones.")
    accepted: int = Field(default=0, description="Pictures whose accepted mask the latest start used.")
    skipped: dict[str, str] | None = Field(
        default=None, description="Id -> why it cannot be read; null until the pictures have been checked."
    )


class Manifest(_Record):
    """manifest.json: the settings of the run, its dataset, and the state of its stages."""

    format: Literal["puzzlecam-run"] = Field(default="puzzlecam-run", description="The kind of this file.")
    version: Literal[1] = Field(default=1, description="Version of this format.")
    created: str = Field(description="UTC, ISO 8601.")
    recipe: dict[str, Any] = Field(description="The recipe of the latest start, including overrides.")
    dataset: DatasetRecord = Field(description="The dataset of the run.")
    stages: dict[str, StageRecord] = Field(default_factory=dict, description="Stages that began, by name.")

    @property
    def last_round(self) -> int:
        """The latest round of the recipe whose pseudo-labels are complete and made from the present round
        before; 1 if there is no later one."""
        number = 1
        while number < self.recipe.get("rounds", 1) and self._is_current(in_round(RELABEL, number + 1)):
            number += 1
        return number

    def _is_current(self, stage: str) -> bool:
        """Whether a stage is done, and so are the stages that it read, with the keys that it read."""
        record = self.stages.get(stage)
        return (
            record is not None
            and record.status == "done"
            and all(
                self._is_current(name) and self.stages[name].key == key for name, key in record.inputs.items()
            )
        )


class RunDir:
    """Paths in a run directory, and its manifest.

    ```
    manifest.json  events.jsonl  lock  metrics.json  report.html
    checkpoints/<stage>.safetensors     state of a training that has not finished
    models/<stage>.safetensors          a trained network with a JSON header
    cams/<id>.safetensors               multi-scale CAMs of the tags (trainer.run.map_storage)
    affinity/<id>.png                   confident labels, 255 where the CAMs are not confident
    pixels/<id>.safetensors             maps of the self-trained classifier of pixels
    walk/<id>.safetensors               those maps, or the CAMs without them, after the random walk
    tensorboard/<stage>/                curves, if the recipe asks for them (trainer.run.tensorboard)
    film/epoch-0001/<id>.safetensors    small maps of a few pictures after each epoch
    epochs/epoch-0001.safetensors       the classifier after each epoch, if the recipe keeps it
    pseudo/<id>.png                     pseudo-labels, palette PNG of the picture's size
    segment/<split>/<id>.png            predictions of the segmentation network
    pseudo/labels.txt, segment/<split>/labels.txt    classes of these masks in index order
    rounds/2/maps/<id>.safetensors      maps of the segmentation network of round 1, after the random walk
    rounds/2/pseudo/, rounds/2/segment/    masks of round 2, in folders as above
    ```
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    @property
    def manifest_path(self) -> Path:
        return self.path / MANIFEST_FILE

    @property
    def events_path(self) -> Path:
        return self.path / EVENTS_FILE

    @property
    def metrics_path(self) -> Path:
        return self.path / METRICS_FILE

    @property
    def tensorboard_path(self) -> Path:
        """Event files of TensorBoard, see `trainer.run.tensorboard`."""
        return self.path / TENSORBOARD_FOLDER

    @property
    def aliases_path(self) -> Path:
        """What tags mean in this run (`trainer.data.aliases`); missing if nobody gave aliases."""
        return self.path / ALIASES_FILE

    def checkpoint_path(self, stage: str) -> Path:
        """State of a training that has not finished; removed when it has."""
        return self.path / Folder.CHECKPOINTS / f"{stage}.safetensors"

    def model_path(self, stage: str) -> Path:
        """The network that a stage has trained."""
        return self.path / Folder.MODELS / f"{stage}.safetensors"

    def epoch_path(self, epoch: int) -> Path:
        """The classifier after this many epochs, see `trainer.training.kept_epochs`."""
        return self.path / Folder.EPOCHS / f"epoch-{epoch:04}.safetensors"

    def cam_path(self, identifier: str) -> Path:
        return self.path / Folder.CAMS / f"{identifier}.safetensors"

    def pixels_path(self, identifier: str) -> Path:
        return self.path / Folder.PIXELS / f"{identifier}.safetensors"

    def seed_path(self, identifier: str) -> Path:
        """The maps that the random walk starts from: self-trained maps if there are any, else CAMs."""
        pixels = self.pixels_path(identifier)
        return pixels if pixels.is_file() else self.cam_path(identifier)

    def final_path(self, identifier: str, round_number: int = 1) -> Path:
        """The maps that the pseudo-label of a round is made from.

        In the first round, those after the random walk if there are any.
        """
        if round_number > 1:
            return self.round_path(round_number) / _MAPS / f"{identifier}.safetensors"
        walked = self.walk_path(identifier)
        return walked if walked.is_file() else self.seed_path(identifier)

    def walk_path(self, identifier: str) -> Path:
        return self.path / Folder.WALK / f"{identifier}.safetensors"

    def round_path(self, round_number: int) -> Path:
        """Folder of the masks of a round; that of the first round is the run directory."""
        return self.path if round_number == 1 else self.path / Folder.ROUNDS / str(round_number)

    def pseudo_path(self, identifier: str, round_number: int = 1) -> Path:
        return self.round_path(round_number) / Folder.PSEUDO / f"{identifier}.png"

    def instances_path(self, identifier: str) -> Path:
        return self.path / Folder.INSTANCES / f"{identifier}.safetensors"

    def prediction_path(self, split: str, identifier: str, round_number: int = 1) -> Path:
        return self.predictions_path(split, round_number) / f"{identifier}.png"

    def predictions_path(self, split: str, round_number: int = 1) -> Path:
        """Folder of the predictions of a split; it does not exist if nothing was segmented."""
        return self.round_path(round_number) / Folder.SEGMENT / split

    @property
    def film_path(self) -> Path:
        """Maps of a few pictures after each epoch, see `trainer.training.cam_film`."""
        return self.path / Folder.FILM

    def exists(self) -> bool:
        """Whether a run was ever started here."""
        return self.manifest_path.is_file()

    def manifest(self) -> Manifest:
        """Read the manifest.

        Raises:
            RunDirError: it is missing, damaged, or of another version.
        """
        try:
            values = json.loads(self.manifest_path.read_bytes())
        except FileNotFoundError as error:
            raise RunDirError(
                f"{self.path} is not a run directory: it has no {MANIFEST_FILE}; train into it first."
            ) from error
        except (OSError, ValueError) as error:
            raise RunDirError(
                f"{self.manifest_path} cannot be read ({error}); choose another run directory."
            ) from error
        version = values.get("version") if isinstance(values, dict) else None
        if version != MANIFEST_VERSION:
            raise RunDirError(
                f"{self.manifest_path} is of version {version}, but this program reads version "
                f"{MANIFEST_VERSION}; choose another run directory, or use the program that made it."
            )
        try:
            return Manifest.model_validate(values)
        except ValidationError as error:
            raise RunDirError(
                f"{self.manifest_path} is damaged ({error}); choose another run directory."
            ) from error

    def open(self, recipe: Recipe, dataset: DatasetRecord) -> Manifest:
        """Start a run here, or continue the run that is here; the recipe may have changed since.

        Raises:
            AnotherDatasetError: the run that is here was started on other pictures.
            RunDirError: the folder holds files but no run, or its manifest cannot be read.
        """
        if not self.exists():
            if self.path.is_dir() and any(child.name != FileLock.NAME for child in self.path.iterdir()):
                raise RunDirError(
                    f"{self.path} holds files but no run; choose a new or empty folder as run directory."
                )
            manifest = Manifest(created=now(), recipe=recipe.model_dump(mode="json"), dataset=dataset)
        else:
            manifest = self.manifest()
            if manifest.dataset.fingerprint != dataset.fingerprint:
                raise AnotherDatasetError(
                    f"Run directory {self.path} belongs to another dataset ({manifest.dataset.root}, split "
                    f"{manifest.dataset.split}, {manifest.dataset.pictures} pictures) than {dataset.root}, "
                    f"split {dataset.split}, {dataset.pictures} pictures; choose another run directory."
                )
            known = dataset.model_copy(update={"skipped": manifest.dataset.skipped})
            manifest = manifest.model_copy(
                update={"recipe": recipe.model_dump(mode="json"), "dataset": known}
            )
        self._store(manifest)
        return manifest

    def note_skipped(self, skipped: Mapping[str, str]) -> None:
        """Store which pictures cannot be read and why, so that each run checks its pictures only once."""
        manifest = self.manifest()
        dataset = manifest.dataset.model_copy(update={"skipped": dict(skipped)})
        self._store(manifest.model_copy(update={"dataset": dataset}))

    def last_round(self) -> int:
        """See `Manifest.last_round`; 1 before a run was started here."""
        return self.manifest().last_round if self.exists() else 1

    def record(self, stage: str) -> StageRecord | None:
        """The manifest's record of a stage; None if it never began."""
        return self.manifest().stages.get(stage)

    def is_done(self, stage: str, key: str) -> bool:
        """Whether the stage has finished with exactly these settings and inputs."""
        record = self.record(stage)
        return record is not None and record.status == "done" and record.key == key

    def begin(
        self,
        stage: str,
        key: str,
        *,
        settings: Mapping[str, Any],
        inputs: Mapping[str, str],
        makes: tuple[str, ...],
        resume: bool,
    ) -> bool:
        """Record that a stage begins; outputs that belong to another key are removed.

        Returns:
            Whether the stage continues an interrupted attempt with the same key.
        """
        record = self.record(stage)
        goes_on = resume and record is not None and record.key == key and record.status == "running"
        if not goes_on:
            if record:
                # If clearing is interrupted, the remaining half of the old outputs must not count as done.
                self._store_record(stage, record.model_copy(update={"key": "", "status": "running"}))
            self.clear(stage, (*makes, *(record.makes if record else ())))
        new = StageRecord(
            key=key,
            status="running",
            started=record.started if goes_on and record else now(),
            settings=dict(settings),
            inputs=dict(inputs),
            makes=makes,
        )
        self._store_record(stage, new)
        return goes_on

    def finish(self, stage: str, summary: Mapping[str, Any]) -> None:
        """Record that a stage is done, and remove its checkpoint."""
        record = self.record(stage)
        if record is None:
            raise RunDirError(f"Stage {stage} of {self.path} cannot finish: it never began.")
        update = {"status": "done", "finished": now(), "summary": dict(summary)}
        self._store_record(stage, record.model_copy(update=update))
        self.checkpoint_path(stage).unlink(missing_ok=True)

    def take_over(self, stage: str, key: str, other: RunDir) -> bool:
        """Use the outputs of another run that has finished the stage with exactly this key.

        Files get a second name (a hard link), so the other run can be removed afterwards.

        Returns:
            Whether the stage is done now.
        """
        try:
            record = other.record(stage) if other.is_done(stage, key) else None
        except RunDirError:
            return False  # the other run was removed or is of another version
        if record is None:
            return False
        self.begin(
            stage, key, settings=record.settings, inputs=record.inputs, makes=record.makes, resume=False
        )
        try:
            for name in record.makes:
                # A stage that is switched off, or keeps no epochs, does not make all of them.
                if (other.path / name).exists():
                    link_tree(other.path / name, self.path / name)
            is_still_there = other.is_done(stage, key)
        except (FileNotFoundError, RunDirError):
            is_still_there = False  # the other run was removed or trained again meanwhile
        if is_still_there:
            self.finish(stage, record.summary)
        else:
            self.clear(stage, record.makes)
        return is_still_there

    def clear(self, stage: str, makes: tuple[str, ...]) -> None:
        """Remove the outputs and the checkpoint of a stage."""
        for name in dict.fromkeys(makes):
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        self.checkpoint_path(stage).unlink(missing_ok=True)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from working here. The lock ends with the process, however that ends.

        Raises:
            RunDirInUseError: another process is working here.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / FileLock.NAME)
        if not lock.acquire():
            raise RunDirInUseError(
                f"Another process is working in {self.path}; wait until it ends, or choose another run "
                f"directory."
            )
        try:
            yield
        finally:
            lock.release()

    def _store_record(self, stage: str, record: StageRecord) -> None:
        manifest = self.manifest()
        self._store(manifest.model_copy(update={"stages": {**manifest.stages, stage: record}}))

    def _store(self, manifest: Manifest) -> None:
        text = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False)
        write_atomic(self.manifest_path, text.encode())


def now() -> str:
    """The present time as manifests state it: UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
