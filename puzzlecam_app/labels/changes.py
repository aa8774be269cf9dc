"""Changes of a dataset's class list, and the background work that makes masks follow them."""

from __future__ import annotations

from collections.abc import Callable

from db.class_changes import begin_change, begin_undo, pending_change
from db.class_models import ClassChange
from db.engine import Database
from db.masks import MaskStore
from puzzlecam_app.labels.retiring import Followed, Impact, Report, follow, impact_of
from puzzlecam_app.runs.jobs import Job, Jobs


class ClassChanges:
    """Starts changes and says how far they are. Safe to call from several threads.

    Args:
        jobs: Do the work.
        changed: Called with the id of a dataset whose masks have changed.
    """

    def __init__(
        self, database: Database, masks: MaskStore, jobs: Jobs, changed: Callable[[int], None]
    ) -> None:
        self._database = database
        self._masks = masks
        self._jobs = jobs
        self._changed = changed

    def count(self, dataset_id: int, class_index: int) -> Job:
        """Count what merging or removing a class would change; the result is an `Impact`."""

        def work(report: Report) -> Impact:
            return impact_of(self._database, self._masks, dataset_id, class_index, report)

        return self._jobs.start(("class impact", dataset_id, class_index), work)

    def retire(self, dataset_id: int, class_index: int, target: int, *, author: int | None) -> Job:
        """Merge a class into another one, or remove it; see `db.class_changes.begin_change`."""
        with self._database.write() as session:
            change = begin_change(session, dataset_id, class_index, target, author=author)
        return self._follow(change)

    def undo(self, change_id: int) -> Job:
        """Undo a change; see `db.class_changes.begin_undo`."""
        with self._database.write() as session:
            change = begin_undo(session, change_id)
        return self._follow(change)

    def job(self, dataset_id: int) -> Job | None:
        """The work on the newest change of a dataset; work that was cut off is begun again."""
        job = self._jobs.get(("class change", dataset_id))
        if job is not None and job.state == "running":
            return job
        with self._database.read() as session:
            pending = pending_change(session, dataset_id)
        return self._follow(pending) if pending is not None else job

    def _follow(self, change: ClassChange) -> Job:
        def work(report: Report) -> Followed:
            found = follow(self._database, self._masks, change.id, report)
            self._changed(change.dataset_id)
            return found

        return self._jobs.start(("class change", change.dataset_id), work)
