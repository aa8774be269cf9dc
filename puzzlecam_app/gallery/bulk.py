"""Bulk actions: the same decision or tag for many pictures, and undoing the last one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from db import audit
from db.engine import Database
from db.leases import held_by_others
from db.selection import Selection, present_ids
from puzzlecam_app.errors import UserError
from puzzlecam_app.gallery.one_picture import Changed, Outcome, Wanted, apply, take_back
from puzzlecam_app.runs.jobs import Job, Jobs, Report

_T = TypeVar("_T")
_BATCH: Final = 50
"""Pictures in one transaction: others who save wait for a moment only."""


@dataclass(frozen=True)
class Actor:
    """Who does it, as history and audit log name them.

    Attributes:
        author: users.id.
        name: the person's name.
        account_id: id of the account; None in a studio without accounts.
        address: where the request came from.
    """

    author: int
    name: str
    account_id: int | None = None
    address: str = ""


class BulkActions:
    """Runs bulk actions in the background: one at a time for each person and dataset.

    Safe to call from several threads. What the last action of each person did is remembered until the studio
    ends, so that it can be undone.

    Args:
        decided: Called with a picture's id after decisions of its dataset were stored.
    """

    def __init__(self, database: Database, jobs: Jobs, decided: Callable[[int], None]) -> None:
        self._database = database
        self._jobs = jobs
        self._decided = decided
        self._lock = threading.Lock()
        self._last: dict[tuple[int, int], tuple[Wanted, list[Changed]]] = {}

    def start(self, dataset_id: int, selection: Selection, wanted: Wanted, actor: Actor) -> Job:
        """Start an action; the job's result is an `Outcome`.

        Pictures that changed since they were shown, and those that somebody else works on, stay as they are.

        Raises:
            UserError: Another action of the person is running.
        """

        def work(report: Report) -> Outcome:
            outcome = Outcome(wanted)
            changes: list[Changed] = []
            try:
                for batch, done in _batches(selection.ids):
                    with self._database.write() as session:
                        made = [
                            _logged(session, change, wanted, actor, dataset_id)
                            for item_id in _free(session, dataset_id, batch, actor, outcome)
                            if (change := apply(session, item_id, selection, wanted, actor.author, outcome))
                        ]
                    changes += made
                    report(done, len(selection.ids))
            finally:
                # Also where it broke off: what is stored can be undone.
                with self._lock:
                    self._last[dataset_id, actor.author] = (wanted, changes)
            outcome.changed = len(changes)
            self._tell(wanted, changes)
            return outcome

        return self._begin(dataset_id, actor.author, work)

    def undo(self, dataset_id: int, actor: Actor) -> Job:
        """Undo the person's last action; pictures that changed since keep what they have.

        Raises:
            UserError: There is nothing to undo, or another action is running.
        """
        with self._lock:
            last = self._last.get((dataset_id, actor.author))
        if last is None or not last[1]:
            raise UserError("there is no bulk action to undo", remedy="Change the pictures one by one")
        wanted, changes = last

        def work(report: Report) -> Outcome:
            outcome = Outcome(wanted, is_undo=True)
            for batch, done in _batches(changes):
                with self._database.write() as session:
                    free = set(_free(session, dataset_id, [one.item_id for one in batch], actor, outcome))
                    for change in batch:
                        if change.item_id in free and take_back(
                            session, change, wanted, actor.author, outcome
                        ):
                            _logged(session, change, wanted, actor, dataset_id, is_undo=True)
                            outcome.changed += 1
                report(done, len(changes))
            with self._lock:
                self._last.pop((dataset_id, actor.author), None)
            self._tell(wanted, changes)
            return outcome

        return self._begin(dataset_id, actor.author, work)

    def can_undo(self, dataset_id: int, author: int) -> bool:
        """Whether the person's last action changed something that can be undone."""
        with self._lock:
            return bool(self._last.get((dataset_id, author), (None, []))[1])

    def job(self, dataset_id: int, author: int) -> Job | None:
        """The person's last action on the dataset."""
        return self._jobs.get(("bulk", dataset_id, author))

    def _begin(self, dataset_id: int, author: int, work: Callable[[Report], Outcome]) -> Job:
        with self._lock:
            running = self.job(dataset_id, author)
            if running is not None and running.state == "running":
                raise UserError("your last bulk action is still running", remedy="Wait until it is done")
            return self._jobs.start(("bulk", dataset_id, author), work)

    def _tell(self, wanted: Wanted, changes: Sequence[Changed]) -> None:
        if changes and wanted.is_decision:
            self._decided(changes[0].item_id)


def _free(
    session: Session, dataset_id: int, ids: Sequence[int], actor: Actor, outcome: Outcome
) -> Iterator[int]:
    """The pictures of the dataset that nobody else works on; the others are left as they are."""
    holders = held_by_others(session, ids, actor.author)
    for item_id in present_ids(session, dataset_id, ids, actor.author):
        if item_id in holders:
            outcome.leave(session, item_id, f"{holders[item_id]} is working on it")
        else:
            yield item_id


def _logged(
    session: Session,
    change: Changed,
    wanted: Wanted,
    actor: Actor,
    dataset_id: int,
    *,
    is_undo: bool = False,
) -> Changed:
    audit.write(
        session,
        "a bulk action was undone" if is_undo else "bulk action",
        name=actor.name,
        user_id=actor.account_id,
        address=actor.address,
        dataset_id=dataset_id,
        item_id=change.item_id,
        detail={"action": wanted.action}
        | ({} if wanted.class_index is None else {"class_index": wanted.class_index}),
    )
    return change


def _batches(values: Sequence[_T]) -> Iterator[tuple[Sequence[_T], int]]:
    """Parts of `values`, each with the number of values up to its end."""
    for start in range(0, len(values), _BATCH):
        part = values[start : start + _BATCH]
        yield part, start + len(part)
