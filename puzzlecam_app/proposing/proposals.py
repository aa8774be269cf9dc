"""Maps and proposals of pictures in the database, computed in the background."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

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
from puzzlecam_app.live.models import LiveModels
from puzzlecam_app.live.view import NOTHING_LEARNED, LiveView
from puzzlecam_app.proposing.precedence import PicturePrior, is_due
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.work_queue import Place, Priority, WorkQueue

if TYPE_CHECKING:
    from trainer.cams.compute import CamResult

Result = TypeVar("Result")
_log = logging.getLogger(__name__)

_QUICK_S: Final = 0.3
"""So long a picture that somebody opens may wait for masks to be learned."""
_MOST_SAME: Final = 10_000


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
        live: What was learned from accepted masks; None leaves it out.
    """

    def __init__(
        self,
        database: Database,
        masks: MaskStore,
        predictor: Predictor,
        max_image_pixels: int,
        predictor_of: Callable[[int], Predictor] | None = None,
        live: LiveModels | None = None,
    ) -> None:
        self._database = database
        self._masks = masks
        self._predictor = predictor
        self._max_image_pixels = max_image_pixels
        self.predictor_of = predictor_of or (lambda _dataset_id: predictor)
        self._live = live
        self._queue = WorkQueue("proposals")
        self._same = _Same()
        self._turns = itertools.count()

    @property
    def queue(self) -> WorkQueue:
        """The queue for heavy work on pictures; the Smart tool and the Lab use it too."""
        return self._queue

    @property
    def waiting(self) -> int:
        """Number of jobs that are waiting or running."""
        return self._queue.waiting

    def request(
        self, item_id: int, priority: Priority = Priority.NOW, owner: str | None = None
    ) -> Future[CamResult]:
        """Request the maps of a picture; its proposal is made too, if it needs one (see `is_due`).

        `owner` is who waits for it: where many wait, each has one place in the line.

        The future raises `NoTagsError`, `NotFoundError`, or the error of reading the picture.
        """

        def work() -> CamResult:
            cams = self.compute(item_id)
            self._prepare_soon(item_id, priority)
            return cams

        return self._queue.submit(item_id, work, priority, owner)

    def place(self, item_id: int) -> Place | None:
        """Where a picture stands in the line; None if nobody has requested it or it is done."""
        return self._queue.place(item_id)

    def request_newest(self, item_id: int) -> Future[CamResult]:
        """Request the proposal of this moment; a job that has begun may not know the latest decisions."""
        key = ("newest", item_id, next(self._turns))
        return self._queue.submit(key, lambda: self.compute(item_id), Priority.NOW)

    def request_ahead(self, item_id: int) -> Future[CamResult]:
        """Request what `compute` does ahead of review, after everything that somebody waits for."""
        return self._queue.submit(
            ("ahead", item_id), lambda: self.compute(item_id, is_ahead=True), Priority.IDLE
        )

    def prefetch(self, item_ids: Sequence[int], owner: str) -> None:
        """Compute these pictures when nothing more urgent is waiting; replaces the owner's earlier list."""
        self._queue.forget(Priority.SOON, owner)
        for item_id in item_ids:
            self.request(item_id, Priority.SOON, owner)

    def in_turn(self, key: Hashable, work: Callable[[], Result]) -> Future[Result]:
        """Queue other work that needs the model, ahead of pictures that nobody has opened yet."""
        return self._queue.submit(key, work, Priority.NOW)

    def warm_up(self) -> Future[object]:
        """Load the model before the first picture is requested."""
        if self._live is not None:
            self._queue.submit("warm up live", self._live.warm_up, Priority.IDLE)
        return self._queue.submit("warm up", lambda: self._predictor.model, Priority.IDLE)

    def renew(self, item_id: int) -> Future[CamResult]:
        """Request a proposal from what was learned since, after everything else, if one is due."""
        return self._queue.submit(
            ("renew", item_id), lambda: self.compute(item_id, is_renewal=True), Priority.RENEWAL
        )

    def compute(self, item_id: int, *, is_ahead: bool = False, is_renewal: bool = False) -> CamResult:
        """Do on this thread what `request` does in the background.

        Args:
            item_id: The picture.
            is_ahead: Whether the work is done ahead of review. Only then does a picture get a doubt, by which
                the queue is ordered: a picture must not move in the queue because a labeler opened it.
            is_renewal: Whether nobody has opened the picture, and it may have a proposal already.

        Returns:
            The maps of the picture with what was learned from accepted masks.
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
        # Accepted masks of the same picture must not show in a copy.
        view = NOTHING_LEARNED if item.is_copy else self._view(item.dataset_id)
        prior = PicturePrior(predictor, item.tag_names)
        is_wanted = is_due(newest, prior, view, item.tags, is_ahead=is_ahead or is_renewal)
        is_wanted = is_wanted and not (item.is_copy and newest is not None)
        is_wanted = is_wanted and not self._same.has(newest, view, prior)
        is_judged = (is_ahead or has_doubt) if is_wanted else (is_ahead and not has_doubt)
        if self._live is not None:
            cams = self._live.maps(item, cams, view, load_image)
        try:
            if is_wanted:
                self._propose(item, cams, load_image(), predictor, view, newest)
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
        self,
        newest: Revision | None,
        class_names: Sequence[str],
        predictor: Predictor | None = None,
        view: LiveView = NOTHING_LEARNED,
        tags: Sequence[int] = (),
        *,
        is_ahead: bool = False,
    ) -> bool:
        """Whether a picture with these tags and newest revision should get a proposal of `predictor`'s model.

        See `puzzlecam_app.proposing.precedence.is_due`.
        """
        prior = PicturePrior(predictor or self._predictor, class_names)
        return is_due(newest, prior, view, tags, is_ahead=is_ahead)

    def view(self, dataset_id: int) -> LiveView:
        """What the live model of a dataset knows now."""
        return NOTHING_LEARNED if self._live is None else self._live.view(dataset_id)

    def close(self) -> None:
        """Finish the current picture and drop the others."""
        self._queue.close()

    def _view(self, dataset_id: int) -> LiveView:
        """What the live model knows after it has followed the history, as far as that is quick."""
        if self._live is None:
            return NOTHING_LEARNED
        self._live.catch_up(dataset_id, may_compute=False, seconds=_QUICK_S)
        return self._live.view(dataset_id)

    def _prepare_soon(self, item_id: int, priority: Priority) -> None:
        """Compute what the live model needs of a picture, after the answer about it was given."""
        live = self._live
        if live is None or not live.is_on:
            return

        def work() -> None:
            with self._database.read() as session:
                item = read_item(session, item_id)
            live.prepare(item)
            if item.tags and live.may_know(item.dataset_id):
                self.predictor_of(item.dataset_id).prepare_mask(
                    item.sha256, len(item.tags), lambda: item.load_image(self._max_image_pixels)
                )

        with contextlib.suppress(RuntimeError):  # the studio is being closed
            self._queue.submit(("features", item_id), work, priority)

    def _propose(
        self,
        item: ItemFacts,
        cams: CamResult,
        image: NDArray[np.uint8],
        predictor: Predictor,
        view: LiveView,
        newest: Revision | None,
    ) -> None:
        prior = PicturePrior(predictor, item.tag_names)
        name = view.name(prior.proposer) if view.knows(item.tags) else None
        mask = predictor.pseudo_mask(image, cams, item.tags, item.sha256)
        mask_hash = self._masks.put(mask, voc_palette())
        if name is not None and newest is not None and newest.mask_hash == mask_hash:
            self._same.note(newest, view, prior)
            return
        with self._database.write() as session:
            propose(session, item.id, mask_hash=mask_hash, proposed_by=str(name or prior.proposer))
            set_disagreement(session, item.id, float(cams.disagreement_k.max()))


class _Same:
    """Proposals that what was learned since does not change; the last ones are remembered."""

    def __init__(self) -> None:
        self._names: OrderedDict[int, str] = OrderedDict()

    def has(self, newest: Revision | None, view: LiveView, prior: PicturePrior) -> bool:
        """Whether the mask of `newest` is known to be what `view` makes."""
        known = None if newest is None else self._names.get(newest.id)
        return known is not None and known == str(view.name(prior.proposer))

    def note(self, newest: Revision, view: LiveView, prior: PicturePrior) -> None:
        """Remember that it is."""
        self._names[newest.id] = str(view.name(prior.proposer))
        while len(self._names) > _MOST_SAME:
            self._names.popitem(last=False)


def _doubt(cams: CamResult, predictor: Predictor) -> float:
    from trainer.cams.signals import map_signals, review_doubt

    model = predictor.model
    signals = map_signals(cams.cams_khw, model.background_threshold, None)
    return review_doubt(signals, is_self_trained=model.self_trained is not None)
