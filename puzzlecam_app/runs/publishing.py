"""Publishing a run makes its pseudo-labels the proposals of pictures without human work; and the way back.

A run of several rounds gives the pseudo-labels of the last round that it has finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from sqlalchemy.orm import Session

from db.annotations import latest_revisions
from db.datasets import get_dataset
from db.engine import Database
from db.errors import StorageError
from db.items import present_items, tags_of
from db.labels import latest_label_set
from db.masks import MaskArray, MaskStore, mask_hash
from db.models import Item, Revision
from db.natural_order import natural_key
from db.palette import BACKGROUND, VOID, voc_palette
from db.publications import (
    Undone,
    finish_publications,
    may_publish_over,
    note_undone,
    publications_of,
    publish_mask,
    published_revision_ids,
    start_publication,
    undo_revisions,
)
from db.run_models import Run
from db.runs import get_run
from db.status import UNTOUCHED_ACTIONS
from db.users import get_or_create
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.mask_files import classes_in
from puzzlecam_app.runs.folder import RunFolder, proposer
from puzzlecam_app.runs.mask_change import mean_iou
from puzzlecam_app.runs.mask_remarks import Remark, remark_on, warning_about
from puzzlecam_app.runs.published_objects import keep_run_objects, objects_of_run
from puzzlecam_app.runs.snapshot import RunItem, RunSnapshot, read_snapshot
from trainer.cams.signals import map_signals, review_doubt
from trainer.contract import REFINE, RELABEL
from trainer.data.ground_truth import GroundTruthError, read_mask
from trainer.errors import ArtifactError
from trainer.run.directory import RunDirError
from trainer.run.map_storage import load_maps

_BATCH: Final = 25
"""Items per transaction: few enough that a labeler's save never waits long."""

_THREADS: Final = 2
Verdict = Literal["changed", "new", "unchanged", "kept", "left out"]
Progress = Callable[[int, int], None]
_T = TypeVar("_T")


@dataclass(frozen=True)
class ItemPlan:
    """What publishing would do to one item.

    Attributes:
        verdict: items that are "changed" or "new" get the run's mask; "unchanged" ones have it already;
            "kept" ones have been worked on by a person; "left out" ones cannot get it, see `reason`.
        iou: mean IoU of the old and the new mask; None if there is no old one or nothing changes.
        remark: why the new mask is probably useless; None if nothing changes, too.
    """

    item_id: int
    name: str
    verdict: Verdict
    iou: float | None = None
    reason: str | None = None
    remark: Remark | None = None


@dataclass(frozen=True)
class PublicationPlan:
    """All items of the run; those that change come first, beginning with the largest change."""

    run_id: int
    items: tuple[ItemPlan, ...]

    def count(self, *verdicts: Verdict) -> int:
        """How many items have one of these verdicts."""
        return sum(item.verdict in verdicts for item in self.items)

    @property
    def remarked(self) -> tuple[ItemPlan, ...]:
        """Items that would get a mask that covers the whole picture or is empty."""
        return tuple(item for item in self.items if item.remark is not None)

    @property
    def warning(self) -> str | None:
        """A sentence about these masks; None if there are none."""
        return _warning(self.items)


@dataclass(frozen=True)
class PublicationReport:
    """What publishing did.

    Attributes:
        publication_id: None if there was nothing to do.
        warning: a sentence about masks that cover whole pictures or are empty; None if there are none.
    """

    publication_id: int | None
    published: int
    unchanged: int
    kept: int
    left_out: tuple[ItemPlan, ...]
    warning: str | None = None


def plan_publication(
    database: Database,
    masks: MaskStore,
    folder: RunFolder,
    run_id: int,
    *,
    over_rejected: bool = False,
    progress: Progress | None = None,
) -> PublicationPlan:
    """Preview which items would change and by how much. Nothing is written.

    Raises:
        UserError: the run has no masks yet or was pruned, or the classes of its dataset have changed.
        NotFoundError: the run or its dataset does not exist.
    """
    context = _open(database, folder, run_id, over_rejected=over_rejected)

    def look(item: RunItem) -> ItemPlan:
        return context.plan(item, masks)

    plans = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for plan in pool.map(look, context.items):
            plans.append(plan)
            if progress is not None:
                progress(len(plans), len(context.items))
    order: dict[Verdict, int] = {"changed": 0, "new": 1, "left out": 2, "kept": 3, "unchanged": 4}
    plans.sort(
        key=lambda plan: (
            order[plan.verdict],
            plan.iou if plan.iou is not None else 2.0,
            natural_key(plan.name),
        )
    )
    return PublicationPlan(run_id, tuple(plans))


def publish(
    database: Database,
    masks: MaskStore,
    folder: RunFolder,
    run_id: int,
    *,
    author: str,
    over_rejected: bool = False,
    progress: Progress | None = None,
) -> PublicationReport:
    """Make the run's masks proposals. If it is interrupted, the next call does the rest.

    Raises the errors of `plan_publication`.
    """
    context = _open(database, folder, run_id, over_rejected=over_rejected)
    publication_id = None
    published, done = 0, 0
    plans: list[ItemPlan] = []
    for batch in _batches(context.items):
        ready: list[tuple[RunItem, str]] = []
        objects: dict[int, list[dict[str, Any]] | None] = {}
        doubts: dict[int, float | None] = {}
        for item in batch:
            plan = context.plan(item, None)
            if plan.verdict in ("changed", "new"):
                mask = context.mask(item)
                ready.append((item, masks.put(mask, voc_palette())))
                objects[item.item_id] = objects_of_run(folder, run_id, item, mask)
                doubts[item.item_id] = context.doubt(item)
            plans.append(plan)
        with database.write() as session:
            if publication_id is None and ready:
                person = get_or_create(session, author)
                publication_id = start_publication(session, run_id, author=person.id).id
            for item, name in ready:
                if publication_id is None:
                    break
                # Checked again inside the transaction: somebody may have accepted the picture meanwhile.
                revision = publish_mask(
                    session,
                    publication_id,
                    item.item_id,
                    mask_hash=name,
                    proposed_by=proposer(run_id),
                    doubt=doubts[item.item_id],
                    over_rejected=over_rejected,
                )
                published += revision is not None
                rows = objects[item.item_id]
                if revision is not None and rows is not None:
                    keep_run_objects(session, item.item_id, name, rows)
        done += len(batch)
        if progress is not None:
            progress(done, len(context.items))
    with database.write() as session:
        finish_publications(session, run_id)
    return PublicationReport(
        publication_id,
        published=published,
        unchanged=sum(plan.verdict == "unchanged" for plan in plans),
        kept=sum(plan.verdict == "kept" for plan in plans),
        left_out=tuple(plan for plan in plans if plan.verdict == "left out"),
        warning=_warning(plans),
    )


def unpublish(database: Database, run_id: int, *, author: str, progress: Progress | None = None) -> Undone:
    """Undo all publications of a run that are in force, the newest first.

    Raises:
        UserError: the run is not published.
        NotFoundError: there is no such run.
    """
    with database.read() as session:
        get_run(session, run_id)
        in_force = [one.id for one in publications_of(session, run_id) if one.undone_at is None]
    if not in_force:
        raise UserError("the run is not published", where=f"run {run_id}", remedy="There is nothing to undo")
    restored = kept = 0
    for publication_id in in_force:
        with database.read() as session:
            revision_ids = published_revision_ids(session, publication_id)
        for number, batch in enumerate(_batches(revision_ids)):
            with database.write() as session:
                undone = undo_revisions(session, publication_id, batch)
            restored, kept = restored + undone.restored, kept + undone.kept
            if progress is not None:
                progress(min((number + 1) * _BATCH, len(revision_ids)), len(revision_ids))
        with database.write() as session:
            note_undone(session, publication_id, author=get_or_create(session, author).id)
    return Undone(restored, kept)


def why_unpublishable(folder: RunFolder, run: Run) -> str | None:
    """Why a run cannot be published; None if it can."""
    if run.pruned_at is not None:
        return "the files of the run were pruned"
    try:
        record = folder.train.record(REFINE)
    except RunDirError:
        record = None
    if record is None or record.status != "done":
        return "the run has not made its pseudo-masks yet"
    return None


@dataclass(frozen=True)
class _Context:
    """The run, and its dataset as it is now."""

    folder: RunFolder
    run_id: int
    items: tuple[RunItem, ...]
    now: dict[int, Item]
    tags: dict[int, tuple[int, ...]]
    newest: dict[int, Revision]
    allowed: frozenset[int]
    threshold: float
    round_number: int

    def mask(self, item: RunItem) -> MaskArray:
        """The run's pseudo-mask of an item, uint8 (H, W); raises GroundTruthError."""
        return read_mask(self.folder.train.pseudo_path(item.id, self.round_number))

    def doubt(self, item: RunItem) -> float | None:
        """The doubt of the run's mask of an item, in [0, 1]; None if its maps are missing."""
        path = self.folder.train.final_path(item.id, self.round_number)
        if not path.is_file():
            return None
        try:
            maps = load_maps(path)
        except ArtifactError:
            return None  # publishing must not fail because of the order of review
        if not maps.class_indices:
            return None
        # Maps of later rounds are made as those of the pixel classifier: class against background.
        is_self_trained = self.round_number > 1 or self.folder.train.pixels_path(item.id).is_file()
        return review_doubt(map_signals(maps.maps_khw, self.threshold, None), is_self_trained=is_self_trained)

    def plan(self, item: RunItem, masks: MaskStore | None) -> ItemPlan:
        """The verdict on an item, with the IoU if a mask store is given."""
        current = self.now.get(item.item_id)
        if current is None:
            return _left_out(item, "the picture is missing")
        if current.sha256 != item.sha256:
            return _left_out(item, "the picture was replaced since the run began")
        if item.item_id not in self.allowed:
            return ItemPlan(item.item_id, item.name, "kept")
        try:
            mask = self.mask(item)
        except GroundTruthError:
            return _left_out(item, "the run made no mask of this picture")
        if mask.shape != (current.height, current.width):
            return _left_out(item, "the mask and the picture differ in size")
        if set(classes_in(mask)) - {BACKGROUND, VOID, *self.tags[item.item_id]}:
            return _left_out(item, "its tags were changed since the run began")
        remark = remark_on(mask, is_tagged=bool(item.tags))
        newest = self.newest.get(item.item_id)
        old = newest.mask_hash if newest else None
        if old is None:
            return ItemPlan(item.item_id, item.name, "new", remark=remark)
        if old == mask_hash(mask) and newest is not None and newest.action == "proposed":
            return ItemPlan(item.item_id, item.name, "unchanged")
        return ItemPlan(item.item_id, item.name, "changed", _iou(masks, old, mask), remark=remark)


def _open(database: Database, folder: RunFolder, run_id: int, *, over_rejected: bool) -> _Context:
    with database.read() as session:
        run = get_run(session, run_id)
        get_dataset(session, run.dataset_id)
        problem = why_unpublishable(folder, run)
        if problem:
            raise UserError(
                problem,
                where=f"run {run_id}",
                remedy="Wait for the stage refine, or start another run",
            )
        last_round = folder.train.last_round()
        snapshot = read_snapshot(folder.snapshot_path)
        _check_classes(session, snapshot)
        items = present_items(session, run.dataset_id)
        newest = latest_revisions(session, run.dataset_id)

        def is_free(item: Item) -> bool:
            revision = newest.get(item.id)
            # The common case needs no query per item.
            if revision is None or revision.action in UNTOUCHED_ACTIONS:
                return True
            return may_publish_over(session, item.id, over_rejected=over_rejected)

        return _Context(
            folder=folder,
            run_id=run_id,
            items=snapshot.in_split(run.split),
            now={item.id: item for item in items},
            tags=tags_of(session, [item.id for item in items]),
            newest=newest,
            allowed=frozenset(item.id for item in items if is_free(item)),
            threshold=float(run.recipe[REFINE if last_round == 1 else RELABEL]["background_threshold"]),
            round_number=last_round,
        )


def _check_classes(session: Session, snapshot: RunSnapshot) -> None:
    classes = tuple(row.name for row in latest_label_set(session, snapshot.dataset_id).classes)
    if classes[: len(snapshot.classes)] != snapshot.classes:
        raise UserError(
            "the class list was changed since the run began, so its masks have another meaning now",
            where=snapshot.dataset,
            remedy="Start a new run",
        )


def _warning(plans: Sequence[ItemPlan]) -> str | None:
    given = [plan for plan in plans if plan.verdict in ("changed", "new")]
    return warning_about((plan.remark for plan in given), len(given))


def _iou(masks: MaskStore | None, old: str, new: MaskArray) -> float | None:
    if masks is None:
        return None
    try:
        return mean_iou(masks.get(old), new)
    except StorageError:
        return None  # a damaged old mask may be replaced


def _left_out(item: RunItem, reason: str) -> ItemPlan:
    return ItemPlan(item.item_id, item.name, "left out", reason=reason)


def _batches(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
