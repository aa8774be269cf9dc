"""A picture of a dataset, its masks and their history, for programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from db.annotations import Making, append_revision, decide, find_revision, history, latest_revision
from db.items import get_item
from db.models import Revision
from db.palette import BACKGROUND, VOID, voc_palette
from db.users import get_or_create
from puzzlecam_app.errors import UserError
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.labels.masks import with_classes_replaced
from puzzlecam_app.login_name import login_name
from puzzlecam_app.services import Services

if TYPE_CHECKING:  # it imports torch
    from trainer.cams.compute import CamResult


@dataclass(frozen=True)
class RevisionInfo:
    """An entry in the history of a picture.

    Attributes:
        id: number of the revision; a change names the one that it is based on.
        parent: the revision that this one is based on; None for the first.
        action: proposed, drafted, accepted, corrected, rejected, skipped, returned, reverted or withdrawn.
        author: the person; None for a model.
        proposed_by: the model of a proposal.
        has_mask: whether it has a mask; a rejected picture may have none.
        seconds_spent: time that the person worked, if it is known.
        created_at: time in UTC.
    """

    id: int
    parent: int | None
    action: str
    author: str | None
    proposed_by: str | None
    has_mask: bool
    seconds_spent: float | None
    created_at: datetime


class Item:
    """A picture of a dataset. Its facts are those of when it was listed; its mask is always the newest."""

    def __init__(self, services: Services, facts: ItemFacts) -> None:
        self._services = services
        self._facts = facts
        self.id = facts.id
        self.name = facts.name
        self.split = facts.split
        self.height = facts.height
        self.width = facts.width
        self.tags = facts.tag_names
        """Names of the classes that are somewhere in the picture."""

    def image_rgb(self) -> NDArray[np.uint8]:
        """The upright picture, uint8 (height, width, 3); raises UserError if it cannot be read."""
        return self._facts.load_image(self._services.settings.max_image_pixels)

    def mask(self, revision: int | None = None) -> NDArray[np.uint8] | None:
        """The mask of a revision, by default of the newest: uint8 (height, width) of class indices.

        0 is background and 255 void. None if there is no mask.

        Raises:
            UserError: The picture has no such revision.
        """
        with self._services.database.read() as session:
            if revision is None:
                found = latest_revision(session, self.id)
            else:
                found = find_revision(session, self.id, revision)
                if found is None:
                    raise UserError(
                        f"the picture has no revision {revision}",
                        where=self.name,
                        remedy="Numbers are those of history()",
                    )
            mask_hash = None if found is None else found.mask_hash
        return None if mask_hash is None else self._services.masks.get(mask_hash)

    def ground_truth(self) -> NDArray[np.uint8] | None:
        """The mask that models are measured with, as `mask` gives it; None if none was imported."""
        with self._services.database.read() as session:
            mask_hash = get_item(session, self.id).ground_truth
        return None if mask_hash is None else self._services.masks.get(mask_hash)

    def history(self) -> list[RevisionInfo]:
        """All revisions, the oldest first."""
        with self._services.database.read() as session:
            return [_info(revision) for revision in history(session, self.id)]

    def maps(self) -> CamResult:
        """The maps of the tags as the studio shows them; computed and kept if nobody has asked for them yet.

        As in the studio, a picture without a mask gets its proposal by this. `cams_khw` is float32
        (tags, h, w) in [0, 1] and smaller than the picture; `trainer.cams.compute.CamResult` describes the
        other arrays.

        Raises:
            UserError: The picture has no tags, or cannot be read.
        """
        return self._services.proposals.compute(self.id)

    def put_mask(
        self,
        mask: NDArray[np.integer[Any]],
        *,
        parent: int | None,
        accept: bool = False,
        author: str | None = None,
        seconds_spent: float | None = None,
    ) -> RevisionInfo:
        """Store a mask as a draft, or as accepted work.

        Args:
            mask: Class indices (height, width): 0 background, 255 void, others classes of the dataset.
            parent: The revision that the mask is based on, which must be the newest; None if there is none.
            accept: Accept the mask; it is then accepted, or corrected where it differs from the proposal.
            author: Who made it; by default the login name.
            seconds_spent: Time that it took.

        Raises:
            UserError: The mask has another size, or values that are no classes; nothing is stored.
            db.annotations.StaleRevision: Somebody else has changed the picture since; nothing is stored.
        """
        checked = self._checked(np.asarray(mask))
        stored = self._services.masks.put(checked, voc_palette())
        with self._services.database.write() as session:
            author_id = get_or_create(session, author or login_name()).id
            revision = append_revision(
                session,
                self.id,
                expected=parent,
                action="drafted",
                author=author_id,
                mask_hash=stored,
                making=Making(seconds_spent=seconds_spent),
            )
            if accept:
                revision = decide(session, self.id, expected=revision.id, action="accept", author=author_id)
            return _info(revision)

    def _checked(self, mask: NDArray[Any]) -> NDArray[np.uint8]:
        with self._services.database.read() as session:
            facts = read_item(session, self.id)
        shape = (facts.height, facts.width)
        if mask.shape != shape or not np.issubdtype(mask.dtype, np.integer):
            raise UserError(
                f"the mask is {mask.dtype} {mask.shape}",
                where=self.name,
                remedy=f"Give class indices as whole numbers of the shape {shape}",
            )
        unknown = set(np.unique(mask).tolist()) - {BACKGROUND, VOID, *facts.class_names}
        if unknown:
            raise UserError(
                f"{min(unknown)} is no class of the dataset",
                where=self.name,
                remedy="Use 0 for background, 255 for void, or the index of a class",
            )
        return with_classes_replaced(mask.astype(np.uint8), facts.retired_to)


def _info(revision: Revision) -> RevisionInfo:
    return RevisionInfo(
        revision.id,
        revision.parent_id,
        revision.action,
        None if revision.author is None else revision.author.name,
        revision.proposed_by,
        revision.mask_hash is not None,
        revision.seconds_spent,
        revision.created_at,
    )
