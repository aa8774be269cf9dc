"""The lab of an open workspace: looks at pictures in the model's turn, and keeps the last looks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from db.annotations import latest_revision
from db.items import get_item
from puzzlecam_app.errors import UserError
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.lab.looking import Kept, PictureLook, look, puzzle
from puzzlecam_app.proposals import NoTagsError
from puzzlecam_app.services import Services

if TYPE_CHECKING:
    from trainer.inspection import PuzzleLook
    from trainer.proposal_model import ProposalModel

_LONGEST_WAIT_S = 120
_DONE = ("accepted", "corrected")
Looked = TypeVar("Looked")


@dataclass(frozen=True, eq=False)
class Reference:
    """A mask to measure against: `kind` is "ground-truth" or "accepted"; uint8 (H, W), 255 does not count."""

    kind: str
    title: str
    mask: NDArray[np.uint8]


class LabBusyError(UserError):
    """The model has other work for longer than anybody waits."""


class Lab:
    """Looks at pictures. One for each open workspace."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept = Kept()

    @property
    def model(self) -> ProposalModel:
        """The studio's model."""
        return self._services.predictor.model

    def item(self, item_id: int) -> ItemFacts:
        """A picture with tags.

        Raises:
            NotFoundError: There is no such picture.
            NoTagsError: It has no tags, so the classifier has nothing to look for.
        """
        with self._services.database.read() as session:
            item = read_item(session, item_id)
        if not item.tags:
            raise NoTagsError(item.name)
        return item

    def look(self, item: ItemFacts) -> PictureLook:
        """The maps of a picture, computed or kept; errors as `Services.proposals.request`."""
        return self._in_turn(
            ("maps", item.sha256, item.tags, tuple(item.class_names.items())),
            item,
            lambda image: look(self.model, item, image),
        )

    def puzzle(self, item: ItemFacts, tiles_per_side: int) -> PuzzleLook:
        """A picture whole and in tiles, computed or kept."""
        return self._in_turn(
            ("puzzle", tiles_per_side, item.sha256, item.tags, tuple(item.class_names.items())),
            item,
            lambda image: puzzle(self.model, item, image, tiles_per_side),
        )

    def references(self, item: ItemFacts) -> list[Reference]:
        """Masks to measure against, ground truth first."""
        with self._services.database.read() as session:
            truth = get_item(session, item.id).ground_truth
            newest = latest_revision(session, item.id)
            accepted = newest.mask_hash if newest and newest.action in _DONE else None
            action = newest.action if newest else ""
            author = newest.author.name if newest and newest.author else "somebody"
        found = []
        if truth is not None:
            found.append(Reference("ground-truth", "ground truth", self._services.masks.get(truth)))
        if accepted is not None:
            found.append(Reference("accepted", f"{action} by {author}", self._services.masks.get(accepted)))
        return found

    def _in_turn(self, key: Any, item: ItemFacts, make: Callable[[NDArray[np.uint8]], Looked]) -> Looked:
        kept: Looked | None = self._kept.get(key)
        if kept is not None:
            return kept

        def work() -> Looked:
            made: Looked = self._kept.or_made(
                key, lambda: make(item.load_image(self._services.settings.max_image_pixels))
            )
            return made

        try:
            return self._services.proposals.in_turn(("lab", key), work).result(timeout=_LONGEST_WAIT_S)
        except (TimeoutError, CancelledError) as error:
            raise LabBusyError("the model is busy", where=item.name, remedy="Try again") from error
