"""Work of the live models that nobody waits for: learning, measuring, storing, renewing proposals."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from db.engine import Database
from db.errors import NotFoundError
from db.items import get_item
from db.queue import list_items
from db.queue_filter import QueueFilter
from puzzlecam_app.live.models import LiveModels
from puzzlecam_app.live.names import step_of
from puzzlecam_app.proposing.proposals import Proposals
from puzzlecam_app.proposing.work_queue import Priority

_QUIET_S: Final = 1.5
"""Proposals are renewed only when nobody has done anything for so long: a job cannot be interrupted."""
_PAGE: Final = 50
_MOST_RENEWED: Final = 500
_SLICE_S: Final = 0.2
_PROPOSED: Final = QueueFilter(status="proposed")
_log = logging.getLogger(__name__)


class LiveWork:
    """Queues the work of the live models. Nothing here waits, so requests may call it.

    Args:
        proposals: Makes the proposals; its queue does all the work.
        quiet_s: See `_QUIET_S`.
    """

    def __init__(
        self, database: Database, live: LiveModels, proposals: Proposals, quiet_s: float = _QUIET_S
    ) -> None:
        self._database = database
        self._live = live
        self._proposals = proposals
        self._quiet_s = quiet_s
        self._lock = threading.Lock()
        self._turns = itertools.count()
        self._timers: dict[int, threading.Timer] = {}
        self._next_items: dict[int, tuple[int, ...]] = {}
        self._renewed_at: dict[int, tuple[int, str]] = {}
        self._busy: dict[int, int] = {}
        self._is_closed = False

    def decided(self, item_id: int) -> None:
        """Learn from what somebody has just decided about a picture."""
        if not self._live.is_on:
            return
        with self._database.read() as session:
            dataset_id = get_item(session, item_id).dataset_id
        self.changed(dataset_id)

    def changed(self, dataset_id: int) -> None:
        """Follow the history of a dataset, or what people told its live model."""
        if self._live.is_on:
            self._submit(dataset_id, self._learn, Priority.NOW)

    def opened(self, item_ids: Sequence[int]) -> None:
        """Remember which pictures come next in somebody's queue: their proposals are renewed first."""
        if not item_ids or not self._live.is_on:
            return
        try:
            with self._database.read() as session:
                dataset_id = get_item(session, item_ids[0]).dataset_id
        except NotFoundError:
            return
        self._next_items[dataset_id] = tuple(item_ids)
        self._when_quiet(dataset_id)

    def is_computing(self, dataset_id: int) -> bool:
        """Whether work of this dataset is queued or being done."""
        with self._lock:
            return self._busy.get(dataset_id, 0) > 0

    def renew_now(self, dataset_id: int) -> None:
        """Do at once what is otherwise done when it is quiet."""
        self._submit(dataset_id, self._measure, Priority.RENEWAL)

    def close(self) -> None:
        """Begin nothing more."""
        with self._lock:
            self._is_closed = True
            timers, self._timers = list(self._timers.values()), {}
        for timer in timers:
            timer.cancel()

    def _submit(self, dataset_id: int, work: Callable[[int], None], priority: Priority) -> None:
        def job() -> None:
            try:
                work(dataset_id)
            except Exception:
                # What is wrong with one picture is said when it is opened; the next decision tries again.
                _log.exception("the live model of dataset %d", dataset_id)

        def ended(_: object) -> None:
            with self._lock:
                self._busy[dataset_id] -= 1

        with self._lock:
            if self._is_closed:
                return
            self._busy[dataset_id] = self._busy.get(dataset_id, 0) + 1
        try:
            # Each job has a key of its own: one that is running may have looked at the history already.
            done = self._proposals.queue.submit(("live", dataset_id, next(self._turns)), job, priority)
        except RuntimeError:  # the studio is being closed
            ended(None)
        else:
            done.add_done_callback(ended)

    def _learn(self, dataset_id: int) -> None:
        """Learn from new decisions; where many masks are missing, go on with them bit by bit."""
        left = self._live.catch_up(dataset_id, seconds=_SLICE_S)
        if left:
            self._submit(dataset_id, self._learn, Priority.IDLE)
        else:
            self._when_quiet(dataset_id)

    def _when_quiet(self, dataset_id: int) -> None:
        with self._lock:
            if self._is_closed:
                return
            earlier = self._timers.pop(dataset_id, None)
            timer = threading.Timer(self._quiet_s, self.renew_now, [dataset_id])
            timer.daemon = True
            self._timers[dataset_id] = timer
        if earlier is not None:
            earlier.cancel()
        timer.start()

    def _measure(self, dataset_id: int) -> None:
        """Measure the model and store it, then begin to renew proposals."""
        if self._live.catch_up(dataset_id, seconds=_SLICE_S):
            self._submit(dataset_id, self._learn, Priority.IDLE)
            return
        has_learned = self._live.view(dataset_id).knowledge is not None
        is_known = self._live.is_measured(dataset_id) or not has_learned
        if not is_known and not self._live.measure(dataset_id, self._is_free):
            self._when_quiet(dataset_id)  # somebody came: try again later
            return
        self._live.store(dataset_id)
        self._start_renewing(dataset_id)

    def _is_free(self) -> bool:
        """Whether nobody waits for the queue: one job, the one that asks, is in it."""
        return self._proposals.waiting <= 1

    def _start_renewing(self, dataset_id: int) -> None:
        state = self._state(dataset_id)
        if self._renewed_at.get(dataset_id) == state:
            return
        self._renewed_at[dataset_id] = state
        self._renew(dataset_id, self._in_queue_order(dataset_id), state, _MOST_RENEWED)

    def _renew(self, dataset_id: int, items: Iterator[int], state: tuple[int, str], most: int) -> None:
        """Renew the proposal of the next picture, and come back for the one after it."""

        def one(_: int) -> None:
            if self._state(dataset_id) != state or self._live.view(dataset_id).is_paused:
                return  # the newer state begins again from the front
            item_id = next(items, None)
            if item_id is None:
                return
            with contextlib.suppress(Exception):  # said when the picture is opened
                self._proposals.compute(item_id, is_renewal=True)
            self._renew(dataset_id, items, state, most - 1)

        if most:
            self._submit(dataset_id, one, Priority.RENEWAL)

    def _in_queue_order(self, dataset_id: int) -> Iterator[int]:
        """Ids of pictures with proposals: first those that somebody opens next, then by doubt."""
        first = self._next_items.get(dataset_id, ())
        yield from first
        after: str | None = None
        while True:
            with self._database.read() as session:
                page = list_items(session, dataset_id, _PROPOSED, order="doubt", after=after, limit=_PAGE)
            yield from (entry.item.id for entry in page.items if entry.item.id not in first)
            after = page.next
            if after is None:
                return

    def _state(self, dataset_id: int) -> tuple[int, str]:
        """What renewals depend on: they begin again when it changes."""
        knowledge = self._live.view(dataset_id).knowledge
        prior = self._proposals.predictor_of(dataset_id).model.identity
        return (0 if knowledge is None else step_of(knowledge.masks), prior)
