"""Maps and proposals of pictures in the database, computed in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from db.annotations import latest_revision, propose
from db.engine import Database
from db.errors import StorageError
from db.items import get_item, set_disagreement, set_doubt
from db.masks import MaskStore
from db.models import Revision
from db.palette import voc_palette
from puzzlecam_app.errors import UserError
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.work_queue import Priority, WorkQueue
from trainer.contract import RUN_KIND, ZERO_SHOT_KIND

if TYPE_CHECKING:
    from trainer.cams.compute import CamResult

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class NoTagsError(UserError):
    """The picture has no tags, so it has neither heatmap nor proposal."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "the picture has no tags, so there is no heatmap",
            where=name,
            remedy="Paint its mask by hand, or import it again with tags",
        )


class Proposals:
    """Computes maps and proposals in the background, first those of the picture that somebody has open.

    Args:
        predictor: The studio's own.
        max_image_pixels: Larger pictures are not decoded.
        predictor_of: Returns the predictor of a dataset, by id. Without it, all datasets use `predictor`.
    """

    def __init__(
        self,
        database: Database,
        masks: MaskStore,
        predictor: Predictor,
        max_image_pixels: int,
        predictor_of: Callable[[int], Predictor] | None = None,
    ) -> None:
        self._database = database
        self._masks = masks
        self._predictor = predictor
        self._max_image_pixels = max_image_pixels
        self.predictor_of = predictor_of or (lambda _dataset_id: predictor)
        self._queue = WorkQueue("proposals")

    @property
    def queue(self) -> WorkQueue:
        """The queue for heavy work on pictures; the Smart tool and the Lab use it too."""
        return self._queue

    @property
    def waiting(self) -> int:
        """Number of jobs that are waiting or running."""
        return self._queue.waiting

    def request(self, item_id: int, priority: Priority = Priority.NOW) -> Future[CamResult]:
        """Request the maps of a picture; its proposal is made too, if it needs one (see `is_due`).

        The future raises `NoTagsError`, `NotFoundError`, or the error of reading the picture.
        """
        return self._queue.submit(item_id, lambda: self.compute(item_id), priority)

    def request_ahead(self, item_id: int) -> Future[CamResult]:
        """Request what `compute` does ahead of review, after everything that somebody waits for."""
        return self._queue.submit(
            ("ahead", item_id), lambda: self.compute(item_id, is_ahead=True), Priority.IDLE
        )

    def prefetch(self, item_ids: Sequence[int]) -> None:
        """Compute these pictures when nothing more urgent is waiting; replaces the earlier list."""
        self._queue.forget(Priority.SOON)
        for item_id in reversed(item_ids):  # the latest request runs first
            self.request(item_id, Priority.SOON)

    def in_turn(self, key: Hashable, work: Callable[[], Result]) -> Future[Result]:
        """Queue other work that needs the model, ahead of pictures that nobody has opened yet."""
        return self._queue.submit(key, work, Priority.NOW)

    def warm_up(self) -> Future[object]:
        """Load the model before the first picture is requested."""
        return self._queue.submit("warm up", lambda: self._predictor.model, Priority.IDLE)

    def compute(self, item_id: int, *, is_ahead: bool = False) -> CamResult:
        """Do on this thread what `request` does in the background.

        Args:
            item_id: The picture.
            is_ahead: Whether the work is done ahead of review. Only then does a picture get a doubt, by which
                the queue is ordered: a picture must not move in the queue because a labeler opened it.
        """
        with self._database.read() as session:
            item = read_item(session, item_id)
            newest = latest_revision(session, item_id)
            has_doubt = get_item(session, item_id).doubt_rank <= 0
        if not item.tags:
            raise NoTagsError(item.name)
        load_image = cache(lambda: item.load_image(self._max_image_pixels))  # decoded at most once
        predictor = self.predictor_of(item.dataset_id)
        cams = predictor.cams(item.sha256, item.tag_names, load_image)
        is_due = self.is_due(newest, item.tag_names, predictor)
        is_judged = (is_ahead or has_doubt) if is_due else (is_ahead and not has_doubt)
        try:
            if is_due:
                self._propose(item, cams, load_image(), predictor)
            # A new proposal must not keep the doubt of an old one.
            if is_judged:
                with self._database.write() as session:
                    set_doubt(session, {item.id: _doubt(cams, predictor)})
        except StorageError as error:
            if is_ahead:
                raise
            # The maps can be shown all the same; the proposal is due again when the picture is next opened.
            _log.warning("the proposal of item %d cannot be stored: %s", item_id, error)
        return cams

    def is_due(
        self, newest: Revision | None, class_names: Sequence[str], predictor: Predictor | None = None
    ) -> bool:
        """Whether a picture with these tags and newest revision should get a proposal of `predictor`'s model.

        A proposal of the zero-shot model is replaced by that of any other model, and a proposal of a run by
        that of another run. Masks that were imported as proposals, published or made by a person stay.
        """
        if newest is None or newest.action == "withdrawn":
            return True
        made_by, proposer = newest.proposed_by, (predictor or self._predictor).proposer_of(class_names)
        if newest.action != "proposed" or made_by is None or made_by == proposer:
            return False
        # Whenever a picture is opened this is asked: the zero-shot model must not replace a run's proposal.
        gives_way = (ZERO_SHOT_KIND, RUN_KIND) if proposer.startswith(RUN_KIND) else (ZERO_SHOT_KIND,)
        return made_by.startswith(gives_way)

    def close(self) -> None:
        """Finish the current picture and drop the others."""
        self._queue.close()

    def _propose(
        self, item: ItemFacts, cams: CamResult, image: NDArray[np.uint8], predictor: Predictor
    ) -> None:
        mask = predictor.pseudo_mask(image, cams, item.tags)
        mask_hash = self._masks.put(mask, voc_palette())
        with self._database.write() as session:
            proposer = predictor.proposer_of(item.tag_names)
            propose(session, item.id, mask_hash=mask_hash, proposed_by=proposer)
            set_disagreement(session, item.id, float(cams.disagreement_k.max()))


def _doubt(cams: CamResult, predictor: Predictor) -> float:
    from trainer.cams.signals import map_signals, review_doubt

    model = predictor.model
    signals = map_signals(cams.cams_khw, model.background_threshold, None)
    return review_doubt(signals, is_self_trained=model.self_trained is not None)
