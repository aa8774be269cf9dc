"""What the pages, the routes and the commands share: one open workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from db.datasets import list_datasets
from db.engine import Database
from db.loss import open_beside_masks
from db.masks import MaskStore
from db.notices import Notices
from puzzlecam_app.errors import UserError
from puzzlecam_app.gallery.bulk import BulkActions
from puzzlecam_app.interchange.kept_exports import KeptExports
from puzzlecam_app.interchange.parallel import Progress
from puzzlecam_app.interchange.stores import Stores
from puzzlecam_app.interchange.tag_readings import TagReader
from puzzlecam_app.interchange.trash import TrashDuty
from puzzlecam_app.lab.room import Lab
from puzzlecam_app.labels.changes import ClassChanges
from puzzlecam_app.labels.usual_masks import UsualMasks
from puzzlecam_app.live.background import LiveWork
from puzzlecam_app.live.features import PictureFeatures
from puzzlecam_app.live.models import LiveModels
from puzzlecam_app.live.tagging import TagAdviser
from puzzlecam_app.monitoring.checks import Finding, HealthChecks, look_at_database, look_at_disk
from puzzlecam_app.monitoring.metrics import Metrics
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.predictors import Predictors
from puzzlecam_app.proposing.proposals import Proposals
from puzzlecam_app.runs.estimating import Measuring
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.jobs import Jobs
from puzzlecam_app.runs.stored import run_files
from puzzlecam_app.settings import Settings
from puzzlecam_app.smart.tool import SmartTool
from puzzlecam_app.storage.checking import StoreCheck, stores_of
from puzzlecam_app.storage.mask_store import open_masks
from puzzlecam_app.storage.read_cache import cache_in
from puzzlecam_app.teamwork.agreement import Comparer
from puzzlecam_app.uploads.store import UploadStore
from puzzlecam_app.workspace import Workspace
from trainer.contract import MANIFEST_FILE
from trainer.data.tag_words import TagWords

if TYPE_CHECKING:
    from trainer.live.features import LiveEncoder
    from trainer.models.proposal import ProposalModel


@dataclass(frozen=True)
class Services:
    """An open workspace. Close it when done; use it as a context manager where that fits."""

    settings: Settings
    workspace: Workspace
    database: Database
    masks: MaskStore
    predictor: Predictor
    proposals: Proposals
    live: LiveModels
    jobs: Jobs = field(default_factory=Jobs)
    metrics: Metrics = field(default_factory=Metrics)
    health: HealthChecks = field(default_factory=HealthChecks)
    measuring: Measuring = field(default_factory=Measuring)
    smart: SmartTool = field(init=False)
    lab: Lab = field(init=False)
    live_work: LiveWork = field(init=False)
    class_changes: ClassChanges = field(init=False)
    tag_adviser: TagAdviser = field(init=False)
    exports: KeptExports = field(init=False)
    bulk_actions: BulkActions = field(init=False)
    uploads: UploadStore = field(init=False)
    comparer: Comparer = field(init=False)
    notices: Notices = field(init=False)
    usual_masks: UsualMasks = field(init=False)
    trash: TrashDuty = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notices", Notices(self.database, self._heard, self._missed))
        self.proposals.queue.ended = lambda priority, waited_s, took_s: self.metrics.worked(
            priority.name.lower(), waited_s, took_s
        )
        self.health.watch("database", lambda: look_at_database(self.database))
        self.health.watch("disk", lambda: look_at_disk(self.settings.workspace))
        self.health.watch("model", self._look_at_model)
        for name, url in stores_of(self.settings).items():
            self.health.watch(f"storage of {name}", StoreCheck(name, url))
        smart = SmartTool(
            self.database,
            self.masks,
            self.proposals.predictor_of,
            self.proposals.queue,
            self.settings.max_image_pixels,
            self.live,
        )
        lab = Lab(self.database, self.masks, self.proposals, self.workspace, self.settings, self.live)
        object.__setattr__(self, "smart", smart)  # the dataclass is frozen
        object.__setattr__(self, "lab", lab)
        object.__setattr__(self, "live_work", LiveWork(self.database, self.live, self.proposals))
        changes = ClassChanges(self.database, self.masks, self.jobs, self.live_changed)
        object.__setattr__(self, "class_changes", changes)
        adviser = TagAdviser(self.database, self.masks, self.live, self.proposals.queue)
        object.__setattr__(self, "tag_adviser", adviser)
        exports = KeptExports(self.workspace.exports_dir, self.workspace.zips_dir)
        object.__setattr__(self, "exports", exports)
        quota_bytes = self.settings.upload_quota_gb * 10**9
        uploads = UploadStore(self.workspace.uploads_dir, self.workspace.images_dir, quota_bytes)
        uploads.sweep()
        object.__setattr__(self, "uploads", uploads)
        object.__setattr__(self, "comparer", Comparer(self.masks.get))
        object.__setattr__(self, "usual_masks", UsualMasks(self.masks))
        object.__setattr__(self, "trash", TrashDuty(self.stores, self.workspace.live_dir))
        object.__setattr__(self, "bulk_actions", BulkActions(self.database, self.jobs, self.decided))

    @property
    def stores(self) -> Stores:
        """Where imports write."""
        return Stores(self.database, self.masks, self.workspace.images_dir, self.tag_reader)

    @property
    def tag_reader(self) -> TagReader:
        """Says what tags are understood as."""
        return TagReader(self.settings.resolve_aliases(), self.workspace.meanings_dir)

    def run_files(self, run_id: int, progress: Progress | None = None) -> RunFolder:
        """The files of a run, fetched from the store of runs where this machine lacks them."""
        return run_files(self.database, self.workspace.runs_dir, self.settings.runs_url, run_id, progress)

    def decided(self, item_id: int) -> None:
        """Learn from what somebody has just decided about a picture, here and in other studios."""
        self._learn_from(item_id)
        self.notices.tell("decided", item_id)

    def live_changed(self, dataset_id: int) -> None:
        """Follow what people told a live model, or what changed its classes, here and in other studios."""
        self.live_work.changed(dataset_id)
        self.notices.tell("live", dataset_id)

    def _learn_from(self, item_id: int) -> None:
        self.live_work.decided(item_id)
        self.tag_adviser.decided(item_id)

    def _heard(self, kind: str, number: int) -> None:
        """What another studio says; an unknown kind is from another version."""
        if kind == "decided":
            self._learn_from(number)
        elif kind == "live":
            self.live_work.changed(number)

    def _missed(self) -> None:
        with self.database.read() as session:
            ids = [dataset.id for dataset in list_datasets(session)]
        for dataset_id in ids:
            self.live_work.changed(dataset_id)

    def _look_at_model(self) -> Finding | None:
        trouble = self.predictor.trouble
        if trouble is None:
            return None
        message = "The model cannot be loaded, so there are no proposals; painting by hand works."
        return Finding("degraded", message, trouble)

    def close(self) -> None:
        """Stop background work and close the database."""
        self.health.close()
        self.notices.close()
        self.trash.close()
        self.live_work.close()
        self.measuring.close()
        self.smart.close()
        self.proposals.close()
        self.database.close()

    def __enter__(self) -> Services:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_services(settings: Settings) -> Services:
    """Open the workspace that `settings` names: create missing folders and migrate the database.

    Raises:
        UserError: The workspace is not writable, `settings.model` is not a run directory, or a package for a
            bucket is missing.
        StorageError: The database cannot be opened, or a newer version of the studio made it, or it is
            missing or empty although there are masks.
    """
    if settings.model and not (settings.model / MANIFEST_FILE).is_file():
        raise UserError(
            f"the folder holds no {MANIFEST_FILE}, so it is no run directory",
            where=str(settings.model),
            remedy="Name the folder that `train --run-dir` wrote, or leave --model out",
        )
    workspace = settings.paths.prepare()
    cache_in(workspace.pictures_dir, settings.picture_cache_gb * 10**9)
    masks = open_masks(workspace.masks_dir, settings.masks_url)
    database = open_beside_masks(settings.resolve_database_url(), masks)
    masks.sweep()
    predictor = Predictor(_model_loader(settings), workspace.cams_dir)
    # A model given with --model is used for every dataset, even where a run is published.
    of_dataset = None
    if not settings.model:
        bring = partial(run_files, database, workspace.runs_dir, settings.runs_url)
        of_dataset = Predictors(
            database,
            predictor,
            workspace.runs_dir,
            workspace.cams_dir,
            settings.min_piece_share,
            bring if settings.runs_url is not None else None,
        ).of
    live = LiveModels(
        database,
        masks,
        of_dataset or (lambda _dataset_id: predictor),
        settings.max_image_pixels,
        workspace.live_dir,
        PictureFeatures(_load_live_encoder, workspace.cells_dir),
    )
    proposals = Proposals(database, masks, predictor, settings.max_image_pixels, of_dataset, live)
    return Services(settings, workspace, database, masks, predictor, proposals, live)


def _load_live_encoder() -> LiveEncoder:
    from trainer.live.features import load_live_encoder

    return load_live_encoder()


def _model_loader(settings: Settings) -> Callable[[], ProposalModel]:
    """Loads the studio's own model; sent to other processes, so it holds none of the other settings."""
    clip = settings.clip_weights, settings.clip_sha256, settings.clip_network
    share = settings.min_piece_share
    if settings.model:
        return partial(_load_run_model, settings.model, share)
    return partial(_load_zero_shot_model, settings.source, clip, share, settings.resolve_aliases())


def _load_run_model(path: Path, min_piece_share: float | None) -> ProposalModel:
    from trainer.models.proposal import run_model

    return run_model(path, min_piece_share=min_piece_share)


def _load_zero_shot_model(
    source: Literal["imagenet", "clip", "clip-es"],
    clip: tuple[Path | None, str | None, str],
    min_piece_share: float | None,
    aliases: Path,
) -> ProposalModel:
    from trainer.cams.zero_shot_sources import ZeroShotSource
    from trainer.models.proposal import zero_shot_model
    from trainer.pretrained.clip import ClipWeights

    return zero_shot_model(
        source=ZeroShotSource(source, clip=ClipWeights(*clip)),
        min_piece_share=min_piece_share,
        words=TagWords(aliases),
    )
