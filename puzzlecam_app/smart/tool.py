"""The Smart tool on the server: refines masks from seeds, in the background, for several people at once."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from db.annotations import latest_proposal
from db.engine import Database
from db.masks import MaskStore, mask_hash
from db.palette import voc_palette
from puzzlecam_app.errors import UserError
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.live.models import LiveModels
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.work_queue import Priority, WorkQueue
from puzzlecam_app.smart.pictures import PreparedPicture, PreparedPictures
from puzzlecam_app.smart.steps import RefineIn, RefineRequest, Step

if TYPE_CHECKING:
    from trainer.cams.compute import CamResult
    from trainer.run.map_storage import ClassMaps

_log = logging.getLogger(__name__)

_WORKERS = 2
_MOST_CLIENTS = 256
_PRIORS_BYTES = 64 * 2**20
"""Of masks that steps began with, kept until the steps are saved."""


class SupersededError(UserError):
    """The same tab has sent a newer request."""

    def __init__(self) -> None:
        super().__init__("a newer request has replaced this one")


class ReplayError(UserError):
    """A stored step cannot be repeated, or gives a different mask."""


@dataclass(frozen=True, eq=False)
class Refined:
    """The result of a request.

    Attributes:
        rect: (top, left, bottom, right) around the pixels that differ from the mask that was sent; None if
            none does.
        pixels: uint8, the refined mask inside `rect`.
        step: to be stored with the mask.
        seconds: that the work took, without waiting for other requests.
    """

    rect: tuple[int, int, int, int] | None
    pixels: NDArray[np.uint8]
    step: Step
    seconds: float


class SmartTool:
    """Refines masks on its own threads, so that nothing else waits for it."""

    def __init__(
        self,
        database: Database,
        masks: MaskStore,
        predictor_of: Callable[[int], Predictor],
        queue: WorkQueue,
        max_image_pixels: int,
        live: LiveModels | None = None,
    ) -> None:
        """Args:
        database, masks: where proposals and their masks are.
        predictor_of: returns the predictor of a dataset by id, whose heatmaps and proposals are shown.
        queue: where pictures are prepared ahead of time, when nothing more urgent is waiting.
        max_image_pixels: larger pictures are refused.
        live: what was learned from accepted masks, which changes the maps; None leaves it out.
        """
        self._live = live
        self._database = database
        self._masks = masks
        self._predictor_of = predictor_of
        self._queue = queue
        self._pictures = PreparedPictures(max_image_pixels)
        self._max_image_pixels = max_image_pixels
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="smart")
        self._lock = threading.Lock()
        self._latest: OrderedDict[tuple[str, int], Future[Refined]] = OrderedDict()
        self._priors: OrderedDict[str, NDArray[np.uint8]] = OrderedDict()

    def prepare(self, item_ids: Sequence[int], priority: Priority = Priority.IDLE) -> None:
        """Prepare pictures in the background, the first one first."""
        for item_id in reversed(item_ids):
            self._queue.submit(("smart", item_id), partial(self._prepare, item_id), priority)

    def refine(self, item: ItemFacts, mask: NDArray[np.uint8], request: RefineIn) -> Future[Refined]:
        """Refine a mask in the background.

        Args:
            item: the picture.
            mask: uint8 (H, W), as it was before the first seed of the request.
            request: seeds and what must stay.

        Returns:
            A future that raises `SupersededError` as soon as the same client sends another request about the
            same picture, ValueError for seeds that cannot be used, and what `PreparedPictures.get` raises.
        """
        outcome: Future[Refined] = Future()
        key = (request.client, item.id)
        with self._lock:
            earlier = self._latest.pop(key, None)
            self._latest[key] = outcome
            while len(self._latest) > _MOST_CLIENTS:
                self._latest.popitem(last=False)
        if earlier is not None:
            _settle(earlier, SupersededError())
        self._pool.submit(self._work, item, mask, request, outcome)
        return outcome

    def replay(self, item: ItemFacts, step: Step) -> NDArray[np.uint8]:
        """Repeat a stored step and return its mask, uint8 (H, W).

        Raises:
            ReplayError: The engine, the heatmaps or the edge map are no longer the same, or the mask is not.
        """
        from trainer.interactive.segmenter import ENGINE

        if step.engine != ENGINE:
            raise ReplayError(f"the step was made by the engine {step.engine}, but this is {ENGINE}")
        predictor = self._predictor_of(item.dataset_id)
        cams = self._maps(item, predictor) if step.maps else None
        if step.maps and (cams is None or cams.identity != step.maps):
            raise ReplayError(f"the heatmaps of {step.maps} are not in the cache", where=item.name)
        picture = self._pictures.get(item, predictor)
        if picture.edges != step.edges:
            raise ReplayError(
                f"the step was made with the edge map of {step.edges or 'no model'}, but now it is that of "
                f"{picture.edges or 'no model'}",
                where=item.name,
            )
        with picture.lock:
            mask = self._refined(item, picture, self._masks.get(step.prior), step, cams)
        if mask_hash(mask) != step.result:
            raise ReplayError("repeating the step gives a different mask", where=item.name)
        return mask

    def keep_priors(self, steps: Sequence[Step]) -> None:
        """Store the masks that steps began with, so that the steps can be repeated later."""
        for step in steps:
            with self._lock:
                prior = self._priors.get(step.prior)
            if prior is not None:
                self._masks.put(prior, voc_palette())

    def close(self) -> None:
        """Finish requests that are being worked on and drop the others."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _prepare(self, item_id: int) -> None:
        with self._database.read() as session:
            item = read_item(session, item_id)
        self._pictures.get(item, self._predictor_of(item.dataset_id))

    def _work(
        self, item: ItemFacts, mask: NDArray[np.uint8], request: RefineIn, outcome: Future[Refined]
    ) -> None:
        try:
            if outcome.done():
                return
            predictor = self._predictor_of(item.dataset_id)
            picture = self._pictures.get(item, predictor)
            with picture.lock:
                if not outcome.done():  # otherwise it was superseded while it waited
                    cams = self._maps_for(item, predictor, picture, mask, request)
                    refined = self._refine(item, picture, mask, request, cams)
        except Exception as error:
            _settle(outcome, error)
        else:
            if not outcome.done():
                _settle(outcome, refined)

    def _refine(
        self,
        item: ItemFacts,
        picture: PreparedPicture,
        mask: NDArray[np.uint8],
        request: RefineIn,
        cams: CamResult | None,
    ) -> Refined:
        from trainer.interactive.segmenter import ENGINE

        began = time.perf_counter()
        result = self._refined(item, picture, mask, request, cams)
        step = Step(
            **request.model_dump(exclude={"client"}),
            engine=ENGINE,
            prior=self._remember(mask),
            result=mask_hash(result),
            maps=cams.identity if cams else None,
            edges=picture.edges,
        )
        rect = _changed(mask, result)
        pixels = result[:0, :0] if rect is None else result[rect[0] : rect[2], rect[1] : rect[3]]
        seconds = time.perf_counter() - began
        _log.info(
            "refined item %d, %d x %d, %d seeds: %.0f ms",
            item.id,
            item.width,
            item.height,
            len(request.seeds),
            1000 * seconds,
        )
        return Refined(rect, pixels, step, seconds)

    def _refined(
        self,
        item: ItemFacts,
        picture: PreparedPicture,
        mask: NDArray[np.uint8],
        request: RefineRequest,
        cams: CamResult | None,
    ) -> NDArray[np.uint8]:
        """The whole refined mask; equal arguments give equal masks."""
        if picture.segmenter is None:
            raise RuntimeError("the picture was not prepared")
        is_kept = _kept_pixels(mask, request)
        prior = mask
        if request.heatmap is not None and cams is not None:
            prior = np.where(is_kept, mask, self._heat_mask(item, cams, request.heatmap))
        result = picture.segmenter.refine(
            prior,
            [seed.seed() for seed in request.seeds],
            evidence=_class_maps(item, cams),
            locked=is_kept if is_kept.any() else None,
        )
        if request.only_background:
            result = np.where((prior != 0) & (result != 0), prior, result)
        return result

    def _maps_for(
        self,
        item: ItemFacts,
        predictor: Predictor,
        picture: PreparedPicture,
        mask: NDArray[np.uint8],
        request: RefineRequest,
    ) -> CamResult | None:
        """The heatmaps, if the mask was made from them; else they would contradict a person's work."""
        if not item.tags:
            return None
        if request.heatmap is not None:
            predictor.cams(item.sha256, item.tag_names, lambda: item.load_image(self._max_image_pixels))
            return self._maps(item, predictor)
        with self._database.read() as session:
            proposal = latest_proposal(session, item.id)
            name = proposal.mask_hash if proposal else None
            made_by = proposal.proposed_by if proposal else None
        is_learned = self._live is not None and self._live.has_made(made_by, predictor, item)
        if name is None or not (is_learned or predictor.has_made(made_by, item.tag_names)):
            return None
        if picture.proposal is None or picture.proposal[0] != name:
            picture.proposal = (name, self._masks.get(name))
        is_proposed = picture.proposal[1] == mask
        if not is_proposed.all() and not (is_proposed | _kept_pixels(mask, request)).all():
            return None
        return self._maps(item, predictor)

    def _maps(self, item: ItemFacts, predictor: Predictor) -> CamResult | None:
        """The maps that are in the cache, with what was learned from accepted masks."""
        # Always from the cache: maps that were just computed differ from the stored ones by rounding.
        cams = predictor.cached_cams(item.sha256, item.tag_names)
        if cams is None or self._live is None:
            return cams
        view = self._live.view(item.dataset_id)
        return self._live.maps(item, cams, view, lambda: item.load_image(self._max_image_pixels))

    def _heat_mask(self, item: ItemFacts, cams: CamResult, threshold: float) -> NDArray[np.uint8]:
        from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label

        image = np.zeros((item.height, item.width, 3), np.uint8)  # only the CRF would read it
        config = PseudoLabelConfig(background_threshold=threshold, use_crf=False, min_piece_share=0)
        return pseudo_label(image, cams, item.tags, config)

    def _remember(self, mask: NDArray[np.uint8]) -> str:
        name = mask_hash(mask)
        with self._lock:
            self._priors[name] = mask
            self._priors.move_to_end(name)
            while len(self._priors) > 1 and sum(one.nbytes for one in self._priors.values()) > _PRIORS_BYTES:
                self._priors.popitem(last=False)
        return name


def _kept_pixels(mask: NDArray[np.uint8], request: RefineRequest) -> NDArray[np.bool_]:
    """Pixels that stay as they are: bool (H, W)."""
    is_kept = request.protected_hw((mask.shape[0], mask.shape[1]))
    if request.locked_classes:
        is_locked = np.zeros(256, np.bool_)
        is_locked[list(request.locked_classes)] = True
        is_kept |= is_locked[mask]
    return is_kept


def _class_maps(item: ItemFacts, cams: CamResult | None) -> ClassMaps | None:
    from trainer.run.map_storage import ClassMaps

    return None if cams is None else ClassMaps(item.tags, (item.height, item.width), cams.cams_khw)


def _changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    differs = before != after
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return None
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _settle(outcome: Future[Refined], value: Refined | Exception) -> None:
    try:
        if isinstance(value, Exception):
            outcome.set_exception(value)
        else:
            outcome.set_result(value)
    except InvalidStateError:
        pass  # superseded at this very moment, or finished before it could be
