"""Tags that may be missing or wrong, learned from accepted masks and stored for unfinished pictures."""

from __future__ import annotations

import hashlib
import itertools
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from db.annotations import latest_revision
from db.engine import Database
from db.items import get_item
from db.live import TaughtMask, live_rules, taught_masks
from db.masks import MaskStore
from db.palette import BACKGROUND, VOID
from db.queue import list_items
from db.queue_filter import QueueFilter
from db.status import STATUS_GROUPS, status_of
from db.tags import SuggestedTag, said_about_tags, store_suggestions
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.live.models import LiveModels
from puzzlecam_app.proposing.work_queue import Priority, WorkQueue

if TYPE_CHECKING:  # torch is imported when the first mask is learned
    from trainer.live.evidence import PictureEvidence
    from trainer.live.features import CellFeatures
    from trainer.live.suggestions import Calibration, LeftOut, Presence, RegionSums

_SLICE_S: Final = 0.2
_LEFT_OUT: Final = 64
_MOST_AHEAD: Final = 500
_PAGE: Final = 50
_TODO: Final = QueueFilter(status="todo")
_log = logging.getLogger(__name__)


@dataclass
class _Known:
    """What is known about one dataset; only the queue's thread changes it.

    `calibrated` is how many masks there were when suggestions were last tested. `looked` are the tags with
    which each picture was last compared, since then.
    """

    sums: RegionSums
    held: dict[int, TaughtMask] = field(default_factory=dict)
    useless: dict[int, TaughtMask] = field(default_factory=dict)
    calibrated: int = 0
    presence: Presence | None = None
    calibration: Calibration | None = None
    looked: dict[int, tuple[int, ...]] = field(default_factory=dict)


class TagAdviser:
    """Suggests and doubts tags. Nothing here waits, so requests may call it.

    Args:
        live: Has the features of pictures; where it is off, nothing is suggested.
        queue: Does all the work, on one thread.
    """

    def __init__(
        self,
        database: Database,
        masks: MaskStore,
        live: LiveModels,
        queue: WorkQueue,
    ) -> None:
        self._database = database
        self._masks = masks
        self._live = live
        self._queue = queue
        self._turns = itertools.count()
        self._known: dict[int, _Known] = {}

    def opened(self, item_id: int) -> Future[None] | None:
        """Compare a picture with the accepted masks; None if there is nothing to wait for.

        Raises NotFoundError for an unknown picture.
        """
        if not self._live.is_on:
            return None
        with self._database.read() as session:
            dataset_id = get_item(session, item_id).dataset_id
        if dataset_id not in self._known:  # the studio has just been started
            self._submit(dataset_id, self._learn, Priority.IDLE)
            return None
        try:
            return self._queue.submit(("tags", item_id), lambda: self._look(item_id), Priority.SOON)
        except RuntimeError:  # the studio is being closed
            return None

    def decided(self, item_id: int) -> None:
        """Learn from what somebody has just decided about a picture."""
        if not self._live.is_on:
            return
        with self._database.read() as session:
            dataset_id = get_item(session, item_id).dataset_id
        self._submit(dataset_id, self._learn, Priority.IDLE)

    def _submit(self, dataset_id: int, work: Callable[[int], None], priority: Priority) -> None:
        def job() -> None:
            try:
                work(dataset_id)
            except Exception:  # the next decision tries again
                _log.exception("the tags of dataset %d cannot be compared with its masks", dataset_id)

        try:
            self._queue.submit(("tags of", dataset_id, next(self._turns)), job, priority)
        except RuntimeError:  # the studio is being closed
            return

    def _learn(self, dataset_id: int) -> None:
        """Make the sums contain exactly the newest masks of people, a slice of time after the other."""
        from trainer.live.suggestions import RegionSums, region_sums

        with self._database.read() as session:
            rules = live_rules(session, dataset_id)
            wanted = {} if rules.is_paused else taught_masks(session, dataset_id, rules)
        known = self._known.setdefault(dataset_id, _Known(RegionSums()))
        if rules.is_paused:
            return
        until = time.monotonic() + _SLICE_S
        for item_id in sorted(known.held.keys() | wanted.keys()):
            old, new = known.held.get(item_id), wanted.get(item_id)
            if old == new or (new is not None and known.useless.get(item_id) == new):
                continue
            if time.monotonic() > until:
                self._submit(dataset_id, self._learn, Priority.IDLE)
                return
            if old is not None:
                gone = self._evidence(item_id, old)
                if gone is None:  # its picture can no longer be read: begin again without it
                    known.sums, known.held = RegionSums(), {}
                    self._submit(dataset_id, self._learn, Priority.IDLE)
                    return
                known.sums = known.sums - region_sums(gone)
                del known.held[item_id]
            if new is not None:
                evidence = self._evidence(item_id, new)
                if evidence is None:
                    known.useless[item_id] = new
                else:
                    known.sums, known.held[item_id] = known.sums + region_sums(evidence), new
        # Each further mask changes less: test again after a fifth more, or fewer.
        if 5 * abs(len(known.held) - known.calibrated) >= max(1, known.calibrated):
            self._calibrate(dataset_id)

    def _calibrate(self, dataset_id: int) -> None:
        """Leave out masks, one a job, and look at pictures ahead with the scores that follow."""
        from trainer.live.suggestions import Presence, calibrate, left_out

        known = self._known[dataset_id]
        known.calibrated = len(known.held)
        sums, held = known.sums, dict(known.held)
        chosen = sorted(held, key=lambda one: hashlib.sha256(str(one).encode()).digest())[:_LEFT_OUT]
        judged: list[LeftOut] = []

        def one(_: int) -> None:
            if chosen:
                item_id = chosen.pop()
                evidence = self._evidence(item_id, held[item_id])
                if evidence is not None:
                    judged.append(left_out(sums, evidence))
                self._submit(dataset_id, one, Priority.IDLE)
                return
            known.presence, known.calibration = Presence(sums), calibrate(judged)
            known.looked.clear()
            self._look_ahead(dataset_id, self._in_queue_order(dataset_id), known.calibrated, _MOST_AHEAD)

        one(dataset_id)

    def _look_ahead(self, dataset_id: int, items: Iterator[int], calibrated: int, most: int) -> None:
        def one(_: int) -> None:
            item_id = next(items, None)
            if item_id is None or self._known[dataset_id].calibrated != calibrated:
                return
            try:
                self._look(item_id)
            except Exception as error:  # said when the picture is opened
                _log.info("the tags of picture %d cannot be compared: %s", item_id, error)
            self._look_ahead(dataset_id, items, calibrated, most - 1)

        if most:
            self._submit(dataset_id, one, Priority.RENEWAL)

    def _in_queue_order(self, dataset_id: int) -> Iterator[int]:
        after: str | None = None
        while True:
            with self._database.read() as session:
                page = list_items(session, dataset_id, _TODO, order="doubt", after=after, limit=_PAGE)
            yield from (entry.item.id for entry in page.items)
            after = page.next
            if after is None:
                return

    def _look(self, item_id: int) -> None:
        """Store which tags of a picture may be missing or wrong."""
        from trainer.live.suggestions import doubtful_tags, suggest

        with self._database.read() as session:
            item = read_item(session, item_id)
            newest = latest_revision(session, item_id)
            said = said_about_tags(session, [item_id])[item_id]
        known = self._known.get(item.dataset_id)
        if known is None or known.presence is None or known.calibration is None:
            return
        status = status_of(newest.action if newest else None)
        if status in (*STATUS_GROUPS["done"], "rejected") or known.looked.get(item_id) == item.tags:
            return
        scores = known.presence.scores(self._cells(item))
        found = [
            SuggestedTag(one.class_index, is_doubt=False, score=one.score)
            for one in suggest(scores, known.calibration, item.tags, said)
            if one.class_index in item.class_names
        ]
        found += [
            SuggestedTag(index, is_doubt=True, score=scores[index])
            for index in doubtful_tags(scores, known.calibration, item.tags)
        ]
        with self._database.write() as session:
            store_suggestions(session, item_id, found)
        known.looked[item_id] = item.tags

    def _evidence(self, item_id: int, taught: TaughtMask) -> PictureEvidence | None:
        """What a mask says about the looks of classes; None if it cannot be known."""
        from trainer.live.evidence import picture_evidence

        try:
            with self._database.read() as session:
                item = read_item(session, item_id)
            mask = self._masks.get(taught.mask_hash)
            painted = sorted({int(index) for index in np.unique(mask)} - {BACKGROUND, VOID})
            # The maps play no part here.
            no_maps = np.zeros((len(painted), 1, 1), dtype=np.float32)
            return picture_evidence(self._cells(item), no_maps, painted, mask)
        except Exception as error:  # a picture that is gone, a damaged mask: the others still teach
            _log.warning("picture %d says nothing about tags: %s", item_id, error)
            return None

    def _cells(self, item: ItemFacts) -> CellFeatures:
        return self._live.cells(item)
