"""The models that the Lab can show: proposal model, live model, zero-shot model, runs and their epochs."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from db.datasets import get_dataset
from db.engine import Database
from db.errors import NotFoundError
from db.publications import published_run
from db.runs import get_run, list_runs
from puzzlecam_app.errors import UserError
from puzzlecam_app.items import ItemFacts
from puzzlecam_app.live.models import LiveModels
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.proposals import Proposals
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.snapshot import read_snapshot
from puzzlecam_app.settings import Settings
from puzzlecam_app.workspace import Workspace
from trainer.contract import CLASSIFY
from trainer.data.labels import normalize_class_name
from trainer.data.tag_words import TagWords
from trainer.run.directory import RunDir, RunDirError

if TYPE_CHECKING:  # torch is imported when the first model is loaded
    from trainer.live.model import Knowledge
    from trainer.models.proposal import ProposalModel

PROPOSER: Final = "proposer"
ZERO_SHOT: Final = "zero-shot"
LIVE: Final = "live"
KEY_PATTERN: Final = r"^(proposer|live|zero-shot|run-[1-9]\d{0,8}(-(epoch|film)-\d{1,5})?)$"
_ZERO_SHOT_TITLE: Final = "Zero-shot model"
_CLIP_TITLES: Final = {"clip": "Zero-shot model (CLIP)", "clip-es": "Zero-shot model (CLIP-ES)"}
_KEPT: Final = 3
"""Models kept in memory in addition to the proposal models."""
_CATCH_UP_S: Final = 0.2


@dataclass(frozen=True)
class ModelKey:
    """A model as URLs name it.

    Attributes:
        kind: "proposer" is the proposal model of the picture's dataset, "live" the same with what its live
            model has learned; "film" is not a network but the
            stored CAMs of a few pictures after an epoch.
        run_id: The run, for the kinds "run", "epoch" and "film".
        epoch: The epoch, for the kinds "epoch" and "film".
    """

    kind: Literal["proposer", "live", "zero-shot", "run", "epoch", "film"]
    run_id: int = 0
    epoch: int | None = None

    @classmethod
    def parse(cls, text: str) -> ModelKey:
        """Read a text that matches `KEY_PATTERN`."""
        match = re.fullmatch(r"run-(\d+)(?:-(epoch|film)-(\d+))?", text)
        if match is None:
            return cls("zero-shot" if text == ZERO_SHOT else "live" if text == LIVE else "proposer")
        kind: Literal["run", "epoch", "film"] = match[2] or "run"  # type: ignore[assignment]
        return cls(kind, int(match[1]), int(match[3]) if match[3] else None)

    @property
    def text(self) -> str:
        """The key as it is in URLs."""
        if self.kind in (PROPOSER, LIVE, ZERO_SHOT):
            return self.kind
        moment = "" if self.epoch is None else f"-{self.kind}-{self.epoch}"
        return f"run-{self.run_id}{moment}"


class Moment(BaseModel):
    """An epoch of a run that the Lab can show."""

    model_config = ConfigDict(frozen=True)

    key: str
    epoch: int = Field(description="0 is before the first step")
    is_film: bool = Field(description="Whether only the run's film has it: small maps, no network")


class ModelChoice(BaseModel):
    """A model or run that the Lab can show."""

    model_config = ConfigDict(frozen=True)

    key: str | None = Field(description="Null if only its moments can be chosen")
    title: str
    moments: list[Moment]
    not_learned: list[str] = Field(
        description="Tags of the picture that the run was not trained on, so that their maps are empty"
    )


class LabModels:
    """Loads models when they are used, and lists those that exist. Safe to use from several threads."""

    def __init__(
        self,
        database: Database,
        proposals: Proposals,
        workspace: Workspace,
        settings: Settings,
        live: LiveModels | None = None,
    ) -> None:
        self._database = database
        self._live = live
        self._proposals = proposals
        self._workspace = workspace
        self._model_dir = settings.model
        self._words = TagWords(settings.resolve_aliases())
        self._source = settings.source
        self._lock = threading.Lock()
        self._predictors: OrderedDict[tuple[Any, ...], Predictor] = OrderedDict()

    def get(self, key: ModelKey, dataset_id: int) -> ProposalModel:
        """The model with that key.

        Raises:
            NotFoundError: There is no such run.
            UserError: The run does not have the network: it is not trained yet, was not kept, or was pruned;
                or the live model has not learned anything.
            TrainerError: The files of the run are damaged.
        """
        if key.kind == PROPOSER:
            return self._proposals.predictor_of(dataset_id).model
        if key.kind == LIVE:
            return self._taught(dataset_id)
        if key.kind == ZERO_SHOT:
            return self._kept((ZERO_SHOT,), lambda: _zero_shot(self._words))
        if key.kind == "film":
            raise UserError(
                "the film of a run contains maps, not a network",
                where=key.text,
                remedy="Choose an epoch or a run",
            )
        folder = self.folder(key.run_id)
        if key.epoch is None:
            path = folder.train.model_path(CLASSIFY)
            remedy = "Wait until its first stage is done, or choose an epoch"
        else:
            path = folder.train.epoch_path(key.epoch)
            remedy = "Train with classify.keep_epochs = true to keep every epoch"
        if not path.is_file():
            raise UserError(
                "the run does not have this network, or it was pruned", where=key.text, remedy=remedy
            )
        return self._kept((key.text, *_stamps(path)), partial(_run, folder.train.path, key.epoch))

    def _taught(self, dataset_id: int) -> ProposalModel:
        from puzzlecam_app.lab.taught import TaughtModel

        knowledge = self._knowledge(dataset_id)
        if knowledge is None or self._live is None:
            raise UserError(
                "the live model is paused, or has not learned anything yet",
                where="Live model",
                remedy="Accept a mask on the Review page, or choose another model",
            )
        return TaughtModel(self._proposals.predictor_of(dataset_id).model, knowledge, self._live.cells)

    def _knowledge(self, dataset_id: int) -> Knowledge | None:
        """What the live model of a dataset has learned; None if there is nothing or it is paused."""
        if self._live is None or not self._live.is_on:
            return None
        self._live.catch_up(dataset_id, may_compute=False, seconds=_CATCH_UP_S)
        return self._live.view(dataset_id).knowledge

    def folder(self, run_id: int) -> RunFolder:
        """The folder of a run. Raises NotFoundError if there is no such run."""
        with self._database.read() as session:
            get_run(session, run_id)
        return RunFolder.of(self._workspace.runs_dir, run_id)

    def choices(self, item: ItemFacts) -> list[ModelChoice]:
        """The models for a picture: the proposal model, the live model, the zero-shot model, then runs.

        Runs that have learned all tags of the picture come before the others, and runs of its dataset before
        those of other datasets.
        """
        with self._database.read() as session:
            published = None if self._model_dir else published_run(session, item.dataset_id)
            runs = [(run.id, run.name, run.status, run.dataset_id, run.split) for run in list_runs(session)]
            names = {dataset: _dataset_name(session, dataset) for dataset in {run[3] for run in runs}}
        learned = self._learned_by_proposer(published, {run[0]: run[4] for run in runs})
        models = [
            ModelChoice(
                key=PROPOSER,
                title=self._proposer_title(published),
                moments=[],
                not_learned=[] if learned is None else _not_learned(learned, item),
            )
        ]
        knowledge = self._knowledge(item.dataset_id)
        if knowledge is not None:
            masks = f"{knowledge.masks:,} {'mask' if knowledge.masks == 1 else 'masks'}"
            models.append(ModelChoice(key=LIVE, title=f"Live model ({masks})", moments=[], not_learned=[]))
        if learned is not None or self._source in _CLIP_TITLES:
            models.append(ModelChoice(key=ZERO_SHOT, title=_ZERO_SHOT_TITLE, moments=[], not_learned=[]))
        found: list[ModelChoice] = []
        for run_id, name, status, dataset, split in sorted(
            runs, key=lambda run: (run[3] != item.dataset_id, -run[0])
        ):
            folder = RunFolder.of(self._workspace.runs_dir, run_id)
            is_trained = folder.train.model_path(CLASSIFY).is_file()
            moments = _moments(folder, run_id, item)
            if not is_trained and not moments:
                continue
            where = "" if dataset == item.dataset_id else f" ({names[dataset]})"
            going = "" if is_trained else f", {status}"
            found.append(
                ModelChoice(
                    key=f"run-{run_id}" if is_trained else None,
                    title=f"Run {run_id}: {name}{where}{going}",
                    moments=moments,
                    not_learned=_not_learned(_learned_by_run(folder, split), item),
                )
            )
        return [*models, *sorted(found, key=lambda choice: bool(choice.not_learned))]

    def _learned_by_proposer(self, published: int | None, splits: Mapping[int, str]) -> frozenset[str] | None:
        """Normalised names of the classes that the proposal model has learned; None for zero-shot."""
        if published is not None:
            return _learned_by_run(RunFolder.of(self._workspace.runs_dir, published), splits[published])
        return _learned_by_model(RunDir(self._model_dir)) if self._model_dir else None

    def _proposer_title(self, published: int | None) -> str:
        if published is not None:
            return f"Published: run {published}"
        if self._model_dir:
            return "The run given with --model"
        return _CLIP_TITLES.get(self._source, _ZERO_SHOT_TITLE)

    def _kept(self, key: tuple[Any, ...], load: Callable[[], ProposalModel]) -> ProposalModel:
        with self._lock:
            predictor = self._predictors.get(key)
            if predictor is None:
                predictor = Predictor(load, self._workspace.cams_dir)
                self._predictors[key] = predictor
            self._predictors.move_to_end(key)
            while len(self._predictors) > _KEPT:
                self._predictors.popitem(last=False)
        return predictor.model


def _stamps(path: Path) -> tuple[int, ...]:
    """When the networks in the folder of `path` were written; training the run again changes these times."""
    return tuple(one.stat().st_mtime_ns for one in sorted(path.parent.glob("*.safetensors")))


def _dataset_name(session: Session, dataset_id: int) -> str:
    try:
        return get_dataset(session, dataset_id).name
    except NotFoundError:
        return "removed dataset"


def _not_learned(learned: frozenset[str], item: ItemFacts) -> list[str]:
    """Tags of a picture that are not among the normalised names of learned classes."""
    return [name for name in item.tag_names if normalize_class_name(name) not in learned]


def _learned_by_run(folder: RunFolder, split: str) -> frozenset[str]:
    """Normalised names of the classes that a run has seen pictures of; none if its snapshot is missing.

    A class list may be longer: a class without tagged pictures is in the network, but was never learned.
    """
    try:
        return _tagged_in(folder.snapshot_path, split, folder.snapshot_path.stat().st_mtime_ns)
    except (UserError, OSError):
        return frozenset()


@lru_cache(maxsize=64)
def _tagged_in(snapshot_path: Path, split: str, _changed_ns: int) -> frozenset[str]:
    snapshot = read_snapshot(snapshot_path)
    tags = {index for item in snapshot.in_split(split) for index in item.tags}
    return frozenset(normalize_class_name(snapshot.classes[index - 1]) for index in tags)


def _learned_by_model(run_dir: RunDir) -> frozenset[str]:
    """Normalised names of the classes of a run outside the workspace; none if its manifest cannot be read."""
    try:
        return frozenset(normalize_class_name(name) for name in run_dir.manifest().dataset.class_names)
    except RunDirError:
        return frozenset()


def _moments(folder: RunFolder, run_id: int, item: ItemFacts) -> list[Moment]:
    """Epochs that can be chosen: those whose network was kept, and those whose film contains the picture."""
    from trainer.training.cam_film import filmed_epochs
    from trainer.training.kept_epochs import kept_epochs

    kept = kept_epochs(folder.train)
    identifier = filmed_as(folder, item) if folder.train.film_path.is_dir() else None
    filmed = filmed_epochs(folder.train.film_path, identifier) if identifier else ()
    return [
        Moment(
            key=ModelKey("epoch" if epoch in kept else "film", run_id, epoch).text,
            epoch=epoch,
            is_film=epoch not in kept,
        )
        for epoch in sorted({*kept, *filmed})
    ]


def filmed_as(folder: RunFolder, item: ItemFacts) -> str | None:
    """Name of the picture in the run's snapshot; None if the snapshot lacks it or has another file for it."""
    try:
        names = _names(folder.snapshot_path, folder.snapshot_path.stat().st_mtime_ns)
    except (UserError, OSError):
        return None
    return names.get((item.id, item.sha256))


@lru_cache(maxsize=16)
def _names(snapshot_path: Path, _changed_ns: int) -> dict[tuple[int, str], str]:
    """Names in a run's snapshot, by id and hash of the picture."""
    return {(one.item_id, one.sha256): one.id for one in read_snapshot(snapshot_path).items}


def _zero_shot(words: TagWords) -> ProposalModel:
    from trainer.models.proposal import zero_shot_model

    return zero_shot_model(words=words)


def _run(path: Path, epoch: int | None) -> ProposalModel:
    from trainer.models.proposal import run_model

    return run_model(path, epoch=epoch)
