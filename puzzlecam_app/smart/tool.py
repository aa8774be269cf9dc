"""The Smart tool's other half: masks refined by seeds, in the background, for several people at once."""

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
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.work_queue import Priority, WorkQueue
from puzzlecam_app.smart.pictures import PreparedPicture, PreparedPictures
from puzzlecam_app.smart.steps import RefineIn, Step, Wish

if TYPE_CHECKING:
    from trainer.cams.compute import CamResult
    from trainer.interactive.segmenter import Features
    from trainer.run.map_storage import ClassMaps

_log = logging.getLogger(__name__)

_WORKERS = 2
_MOST_CLIENTS = 256
_PRIORS_BYTES = 64 * 2**20


class SupersededError(UserError):
    """The same tab has asked for something newer."""

    def __init__(self) -> None:
        super().__init__("a newer request took the place of this one")


class ReplayError(UserError):
    """A stored step cannot be repeated here."""


@dataclass(frozen=True, eq=False)
class Refined:
    """What came of a wish.

    Attributes:
        rect: (top, left, bottom, right) of the pixels that differ from the mask sent; None: none does.
        pixels: uint8, the refined mask inside it.
        step: what to store.
        seconds: from the beginning of the work to its end.
    """

    rect: tuple[int, int, int, int] | None
    pixels: NDArray[np.uint8]
    step: Step
    seconds: float


class Smart:
    """Refines masks on threads of its own, so that nothing else waits for it.

    Args:
        predictor_of: Returns the predictor of a dataset by id, whose heatmaps and proposals are shown.
        queue: Where pictures are prepared ahead, when nothing more urgent is to be done.
        load_features: See `PreparedPictures`.
    """

    def __init__(
        self,
        database: Database,
        masks: MaskStore,
        predictor_of: Callable[[int], Predictor],
        queue: WorkQueue,
        load_features: Callable[[], Features | None],
        max_image_pixels: int,
    ) -> None:
        self._database = database
        self._masks = masks
        self._predictor_of = predictor_of
        self._queue = queue
        self._pictures = PreparedPictures(load_features, max_image_pixels)
        self._max_image_pixels = max_image_pixels
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="smart")
        self._lock = threading.Lock()
        self._latest: OrderedDict[tuple[str, int], Future[Refined]] = OrderedDict()
        self._priors: OrderedDict[str, NDArray[np.uint8]] = OrderedDict()

    def prepare(self, item_ids: Sequence[int], priority: Priority = Priority.IDLE) -> None:
        """Prepare pictures in the background, the first one first."""
        for item_id in reversed(item_ids):
            self._queue.submit(("smart", item_id), partial(self._prepare, item_id), priority)

    def refine(self, item: ItemFacts, mask: NDArray[np.uint8], wish: RefineIn) -> Future[Refined]:
        """Refine a mask in the background.

        The future raises `SupersededError` as soon as the same client asks again about the same picture,
        ValueError for seeds that cannot be, and what `PreparedPictures.get` raises.

        Args:
            mask: uint8 (H, W), as it was before the first of the wish's seeds.
        """
        outcome: Future[Refined] = Future()
        key = (wish.client, item.id)
        with self._lock:
            earlier = self._latest.pop(key, None)
            self._latest[key] = outcome
            while len(self._latest) > _MOST_CLIENTS:
                self._latest.popitem(last=False)
        if earlier is not None:
            _settle(earlier, SupersededError())
        self._pool.submit(self._work, item, mask, wish, outcome)
        return outcome

    def replay(self, item: ItemFacts, step: Step) -> NDArray[np.uint8]:
        """Return the mask that a stored step made, uint8 (H, W), by doing it again.

        Raises:
            ReplayError: The engine, the heatmaps or the edges are others by now, or the outcome is another.
        """
        from trainer.interactive.segmenter import ENGINE

        if step.engine != ENGINE:
            raise ReplayError(f"the step was made by the engine {step.engine}, this is {ENGINE}")
        predictor = self._predictor_of(item.dataset_id)
        cams = _cached_maps(item, predictor) if step.maps else None
        if step.maps and (cams is None or cams.identity != step.maps):
            raise ReplayError(f"the heatmaps of {step.maps} are not at hand", where=item.name)
        picture = self._pictures.get(item, predictor)
        if picture.edges != step.edges:
            raise ReplayError(f"the step was made with the edges of {step.edges or 'no model'}")
        with picture.lock:
            mask = self._refined(item, picture, self._masks.get(step.prior), step, cams)
        if mask_hash(mask) != step.result:
            raise ReplayError("doing the step again makes another mask", where=item.name)
        return mask

    def keep_priors(self, steps: Sequence[Step]) -> None:
        """Store the masks that steps began with, so that they can be done again later."""
        for step in steps:
            with self._lock:
                prior = self._priors.get(step.prior)
            if prior is not None:
                self._masks.put(prior, voc_palette())

    def close(self) -> None:
        """Finish what runs and drop the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _prepare(self, item_id: int) -> None:
        with self._database.read() as session:
            item = read_item(session, item_id)
        self._pictures.get(item, self._predictor_of(item.dataset_id))

    def _work(
        self, item: ItemFacts, mask: NDArray[np.uint8], wish: RefineIn, outcome: Future[Refined]
    ) -> None:
        try:
            if outcome.done():
                return
            predictor = self._predictor_of(item.dataset_id)
            picture = self._pictures.get(item, predictor)
            with picture.lock:
                if not outcome.done():  # else superseded while it waited
                    cams = self._maps_for(item, predictor, picture, mask, wish)
                    refined = self._refine(item, picture, mask, wish, cams)
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
        wish: RefineIn,
        cams: CamResult | None,
    ) -> Refined:
        from trainer.interactive.segmenter import ENGINE

        began = time.perf_counter()
        result = self._refined(item, picture, mask, wish, cams)
        step = Step(
            **wish.model_dump(exclude={"client"}),
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
            len(wish.seeds),
            1000 * seconds,
        )
        return Refined(rect, pixels, step, seconds)

    def _refined(
        self,
        item: ItemFacts,
        picture: PreparedPicture,
        mask: NDArray[np.uint8],
        wish: Wish,
        cams: CamResult | None,
    ) -> NDArray[np.uint8]:
        """The whole mask; equal arguments give equal masks."""
        if picture.segmenter is None:
            raise RuntimeError("the picture was not prepared")
        held = _held(mask, wish)
        prior = mask
        if wish.heatmap is not None and cams is not None:
            prior = np.where(held, mask, self._heat_mask(item, cams, wish.heatmap))
        result = picture.segmenter.refine(
            prior,
            [seed.seed() for seed in wish.seeds],
            evidence=_class_maps(item, cams),
            locked=held if held.any() else None,
        )
        if wish.only_background:
            result = np.where((prior != 0) & (result != 0), prior, result)
        return result

    def _maps_for(
        self,
        item: ItemFacts,
        predictor: Predictor,
        picture: PreparedPicture,
        mask: NDArray[np.uint8],
        wish: Wish,
    ) -> CamResult | None:
        """The heatmaps, where the mask comes from them; elsewhere they would contradict a person's work."""
        if not item.tags:
            return None
        if wish.heatmap is not None:
            predictor.cams(item.sha256, item.tag_names, lambda: item.load_image(self._max_image_pixels))
            return _cached_maps(item, predictor)
        with self._database.read() as session:
            proposal = latest_proposal(session, item.id)
            name = proposal.mask_hash if proposal else None
            made_by = proposal.proposed_by if proposal else None
        if name is None or not predictor.has_made(made_by):
            return None
        if picture.proposal is None or picture.proposal[0] != name:
            picture.proposal = (name, self._masks.get(name))
        is_proposed = picture.proposal[1] == mask
        if not is_proposed.all() and not (is_proposed | _held(mask, wish)).all():
            return None
        return _cached_maps(item, predictor)

    def _heat_mask(self, item: ItemFacts, cams: CamResult, threshold: float) -> NDArray[np.uint8]:
        from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label

        image = np.zeros((item.height, item.width, 3), np.uint8)  # looked at by the CRF alone
        config = PseudoLabelConfig(background_threshold=threshold, use_crf=False)
        return pseudo_label(image, cams, item.tags, config)

    def _remember(self, mask: NDArray[np.uint8]) -> str:
        name = mask_hash(mask)
        with self._lock:
            self._priors[name] = mask
            self._priors.move_to_end(name)
            while len(self._priors) > 1 and sum(one.nbytes for one in self._priors.values()) > _PRIORS_BYTES:
                self._priors.popitem(last=False)
        return name


def _cached_maps(item: ItemFacts, predictor: Predictor) -> CamResult | None:
    # Always those of the cache: what was computed a moment ago differs from them by rounding.
    return predictor.cached_cams(item.sha256, item.tag_names)


def _held(mask: NDArray[np.uint8], wish: Wish) -> NDArray[np.bool_]:
    """Pixels that stay: bool (H, W)."""
    held = wish.protected_hw((mask.shape[0], mask.shape[1]))
    if wish.locked_classes:
        is_locked = np.zeros(256, np.bool_)
        is_locked[list(wish.locked_classes)] = True
        held |= is_locked[mask]
    return held


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
        pass  # superseded in this very moment, or finished before it could be
