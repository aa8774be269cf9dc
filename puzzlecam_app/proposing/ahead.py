"""Proposals and heatmaps of a whole dataset, computed before anybody waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass

from db.annotations import latest_revisions
from db.datasets import get_dataset
from db.engine import Database
from db.errors import StorageError
from db.items import present_items, tags_of
from db.labels import latest_label_set
from puzzlecam_app.errors import UserError
from puzzlecam_app.proposing.proposals import Proposals


@dataclass(frozen=True)
class Failure:
    """A picture without a proposal, and why."""

    picture: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """The pictures of a dataset: ids and names of those that are `due`, and how many others there are.

    `present` counts those that have everything already, `untagged` those without tags, which get no proposal.
    """

    due: list[tuple[int, str]]
    present: int
    untagged: int


@dataclass(frozen=True)
class Outcome:
    """What `compute_in_turn` did: `computed` pictures, those that failed, and how many it left."""

    computed: int
    failures: tuple[Failure, ...]
    remaining: int


def plan_ahead(database: Database, proposals: Proposals, dataset_id: int) -> Plan:
    """Find the pictures of a dataset that lack their heatmaps, their proposal or their doubt.

    Raises:
        NotFoundError: There is no such dataset.
    """
    with database.read() as session:
        get_dataset(session, dataset_id)
        items = present_items(session, dataset_id)
        newest = latest_revisions(session, dataset_id)
        tags = tags_of(session, [item.id for item in items])
        names = {one.index: one.name for one in latest_label_set(session, dataset_id).classes}
    tagged = [item for item in items if tags[item.id]]
    predictor, view = proposals.predictor_of(dataset_id), proposals.view(dataset_id)
    tag_names = {item.id: [names[index] for index in tags[item.id]] for item in tagged}
    due = [
        (item.id, item.name)
        for item in tagged
        if proposals.is_due(
            newest.get(item.id), tag_names[item.id], predictor, view, tags[item.id], is_ahead=True
        )
        or item.doubt_rank > 0
        or predictor.cached_cams(item.sha256, tag_names[item.id]) is None
    ]
    return Plan(due, present=len(tagged) - len(due), untagged=len(items) - len(tagged))


def compute_now(
    proposals: Proposals, due: list[tuple[int, str]], progress: Callable[[int, int], None]
) -> list[Failure]:
    """Compute pictures one after the other on this thread; returns those that failed.

    Args:
        proposals: Computes them.
        due: Ids and names of the pictures.
        progress: Called with (done, total) before every picture.
    """
    failures = []
    for done, (item_id, name) in enumerate(due):
        progress(done, len(due))
        try:
            proposals.compute(item_id, is_ahead=True)
        except (UserError, StorageError) as error:
            failures.append(Failure(name, str(error)))
    progress(len(due), len(due))
    return failures


def compute_in_turn(
    proposals: Proposals,
    due: list[tuple[int, str]],
    progress: Callable[[int, int], None],
    stop: threading.Event,
) -> Outcome:
    """Compute pictures one after the other, each when nothing more urgent waits for the model.

    Args:
        proposals: Computes them on its own thread.
        due: Ids and names of the pictures.
        progress: Called with (done, total) before every picture.
        stop: Ends the work after the current picture.
    """
    failures: list[Failure] = []
    computed = 0
    for done, (item_id, name) in enumerate(due):
        progress(done, len(due))
        try:
            if not _compute(proposals, item_id, stop):
                return Outcome(computed, tuple(failures), len(due) - done)
            computed += 1
        except (UserError, StorageError) as error:
            failures.append(Failure(name, str(error)))
    progress(len(due), len(due))
    return Outcome(computed, tuple(failures), 0)


def _compute(proposals: Proposals, item_id: int, stop: threading.Event) -> bool:
    """Compute a picture; return False if the work was stopped before."""
    while not stop.is_set():
        try:
            asked = proposals.request_ahead(item_id)
        except RuntimeError:
            break  # the studio is being closed
        try:
            asked.result()
        except CancelledError:
            continue  # the queue is being closed, and says so when it is asked again
        return True
    return False
