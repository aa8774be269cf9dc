"""Masks follow a class that was merged into another one or removed, and go back when that is undone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from db.annotations import (
    StaleRevision,
    find_revision,
    history,
    latest_proposal,
    latest_revision,
    register_mask,
    repeat_revision,
)
from db.class_changes import change_item, change_items, finish_change, get_change, item_ids_of
from db.class_models import ClassChange
from db.engine import Database
from db.errors import MaskCorruptError, MaskMissingError
from db.items import get_item, tags_of
from db.labels import latest_label_set
from db.masks import MaskStore
from db.models import Revision
from db.palette import BACKGROUND, VOID, voc_palette
from db.status import STATUS_GROUPS, status_of
from puzzlecam_app.errors import UserError
from puzzlecam_app.labels.masks import with_classes_replaced

Report = Callable[[int, int], None]
_log = logging.getLogger(__name__)
_ATTEMPTS: Final = 20
"""So often a picture is tried again when somebody saves it at the same moment."""


@dataclass(frozen=True)
class Impact:
    """What a change of a class would do: to how many pictures, finished ones among them, pixels and tags."""

    pictures: int
    finished: int
    pixels: int
    tags: int


@dataclass(frozen=True)
class Followed:
    """What was done: pictures whose masks follow, and names of those that were left as they are."""

    pictures: int
    kept: tuple[str, ...] = ()


def impact_of(
    database: Database, masks: MaskStore, dataset_id: int, class_index: int, report: Report
) -> Impact:
    """Count what merging or removing a class would change; reads the newest mask of every picture."""
    with database.read() as session:
        ids = item_ids_of(session, dataset_id)
        tagged = sum(class_index in indices for indices in tags_of(session, ids).values())
    pictures = finished = pixels = 0
    for done, item_id in enumerate(ids):
        report(done, len(ids))
        with database.read() as session:
            newest = latest_revision(session, item_id)
        if newest is None or newest.mask_hash is None:
            continue
        count = int((masks.get(newest.mask_hash) == class_index).sum())
        if count:
            pictures += 1
            pixels += count
            finished += status_of(newest.action) in STATUS_GROUPS["done"]
    return Impact(pictures, finished, pixels, tagged)


def follow(database: Database, masks: MaskStore, change_id: int, report: Report) -> Followed:
    """Make all masks follow a change, or its undoing; goes on where an earlier attempt was cut off."""
    with database.read() as session:
        change = get_change(session, change_id)
        rows = change_items(session, change_id)
        ids = (
            item_ids_of(session, change.dataset_id)
            if change.state == "applying"
            else [row.item_id for row in rows]
        )
    work = _Following(database, masks, change)
    step = work.apply if change.state == "applying" else work.undo
    for done, item_id in enumerate(ids):
        report(done, len(ids))
        step(item_id)
    with database.write() as session:
        finish_change(session, change_id)
    return _followed(database, change_id)


def _followed(database: Database, change_id: int) -> Followed:
    with database.read() as session:
        rows = change_items(session, change_id)
        changed = sum(row.before_id is not None or row.truth_before is not None for row in rows)
        return Followed(changed, tuple(get_item(session, row.item_id).name for row in rows if row.kept))


class _Following:
    """One change, picture by picture."""

    def __init__(self, database: Database, masks: MaskStore, change: ClassChange) -> None:
        self._database = database
        self._masks = masks
        self._change_id = change.id
        self._targets = {change.class_index: change.target_index}
        with database.read() as session:
            names = {row.index: row.name for row in latest_label_set(session, change.dataset_id).classes}
        name = names[change.class_index]
        if change.target_index in (BACKGROUND, VOID):
            became = "background" if change.target_index == BACKGROUND else "void"
            self._note = f"class list: {name} removed, its pixels became {became}"
        else:
            self._note = f"class list: {name} merged into {names[change.target_index]}"
        if change.state == "undoing":
            self._note += ", undone"

    def apply(self, item_id: int) -> None:
        """Append revisions of a picture with the class replaced, if it is in its newest mask or proposal."""
        self._again_if_stale(item_id, self._apply)

    def undo(self, item_id: int) -> None:
        """Append the revisions from before again, unless somebody has worked on the picture since."""
        self._again_if_stale(item_id, self._undo)

    def _again_if_stale(self, item_id: int, step: Callable[[int], None]) -> None:
        for _ in range(_ATTEMPTS):
            try:
                step(item_id)
            except StaleRevision:
                continue
            return
        raise UserError(
            "somebody saves the picture again and again", where=f"picture {item_id}", remedy="Try again later"
        )

    def _apply(self, item_id: int) -> None:
        with self._database.read() as session:
            newest, proposal = latest_revision(session, item_id), latest_proposal(session, item_id)
            truth = get_item(session, item_id).ground_truth
        new_mask = self._replaced(newest.mask_hash if newest else None)
        new_proposal = self._replaced(proposal.mask_hash if proposal else None)
        new_truth = self._replaced(truth)
        if new_mask is None and new_proposal is None and new_truth is None:
            return
        with self._database.write() as session:
            now = latest_revision(session, item_id)
            if (now and now.id) != (newest and newest.id):
                raise StaleRevision(now)
            row = change_item(session, get_change(session, self._change_id), item_id)
            if now is not None and (new_mask or new_proposal):
                row.before_id = now.id
                if new_proposal and proposal is not None and proposal.id != now.id:
                    self._repeat(session, proposal, new_proposal)
                row.after_id = self._repeat(session, now, new_mask or now.mask_hash).id
            if new_truth is not None:
                item = get_item(session, item_id)
                register_mask(session, new_truth, height=item.height, width=item.width)
                row.truth_before, row.truth_after = truth, new_truth
                item.ground_truth = new_truth

    def _undo(self, item_id: int) -> None:
        with self._database.write() as session:
            row = change_item(session, get_change(session, self._change_id), item_id)
            newest = latest_revision(session, item_id)
            if row.after_id is not None and row.before_id is not None:
                before = find_revision(session, item_id, row.before_id)
                if before is None or newest is None or newest.id != row.after_id:
                    row.kept = True
                else:
                    self._restore(session, before)
                row.after_id = None
            if row.truth_after is not None:
                item = get_item(session, item_id)
                if item.ground_truth == row.truth_after:
                    item.ground_truth = row.truth_before
                else:
                    row.kept = True
                row.truth_after = None

    def _restore(self, session: Session, before: Revision) -> None:
        earlier = [
            one
            for one in history(session, before.item_id)
            if one.sequence < before.sequence and one.action in ("proposed", "withdrawn")
        ]
        if before.action != "proposed" and earlier and earlier[-1].action == "proposed":
            self._repeat(session, earlier[-1], earlier[-1].mask_hash)
        self._repeat(session, before, before.mask_hash)

    def _repeat(self, session: Session, revision: Revision, mask_hash: str | None) -> Revision:
        return repeat_revision(session, revision, mask_hash=mask_hash, note=self._note)

    def _replaced(self, mask_hash: str | None) -> str | None:
        """Hash of the mask with the class replaced; None if the class is not in it."""
        if mask_hash is None:
            return None
        try:
            mask = self._masks.get(mask_hash)
        except (MaskMissingError, MaskCorruptError) as error:
            _log.warning("a mask cannot follow a change of the class list: %s", error)
            return None
        if not (mask == next(iter(self._targets))).any():
            return None
        return self._masks.put(with_classes_replaced(mask, self._targets), voc_palette())
