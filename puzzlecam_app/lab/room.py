"""The Lab of an open workspace: computes the steps and masks of pictures, and stores them on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from db.engine import Database
from db.masks import MaskStore
from puzzlecam_app.errors import BusyError
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.lab.looking import PictureLook, explanations, look, puzzle
from puzzlecam_app.lab.masks import Masks, MaskSettings, MaskSteps
from puzzlecam_app.lab.memory import FirstMaps, LruCache
from puzzlecam_app.lab.models import LabModels, ModelKey
from puzzlecam_app.lab.references import Reference, references_of
from puzzlecam_app.lab.scales import Scales
from puzzlecam_app.lab.store import VERSION, LookStore, pack_look, pack_puzzle, unpack_look, unpack_puzzle
from puzzlecam_app.lab.survey import Surveys
from puzzlecam_app.lab.wording import model_facts
from puzzlecam_app.live.models import LiveModels
from puzzlecam_app.proposing.proposals import NoTagsError, Proposals
from puzzlecam_app.proposing.work_queue import Priority
from puzzlecam_app.settings import Settings
from puzzlecam_app.workspace import Workspace

if TYPE_CHECKING:
    from trainer.cams.explanations import Explanations
    from trainer.cams.inspection import PuzzleLook
    from trainer.models.proposal import ProposalModel

LONGEST_WAIT_S = 120
Looked = TypeVar("Looked")


class LabBusyError(BusyError):
    """Other work kept the model busy for too long."""

    def __init__(self, where: str) -> None:
        super().__init__("the model is busy", where=where, remedy="Try again")


class Lab:
    """Computes and keeps what the Lab page shows. An open workspace has one (`Services.lab`).

    Attributes:
        models: The models that can be shown.
        scales: How large the maps of each class get over a dataset.
        surveys: The last survey of each dataset.
    """

    def __init__(
        self,
        database: Database,
        masks: MaskStore,
        proposals: Proposals,
        workspace: Workspace,
        settings: Settings,
        live: LiveModels | None = None,
    ) -> None:
        self._database = database
        self._mask_store = masks
        self._proposals = proposals
        self._max_image_pixels = settings.max_image_pixels
        self._kept = LruCache()
        self._store = LookStore(workspace.cache_dir / "lab" / "looks")
        self._masks = Masks()
        self._own_masks = LruCache(_KEPT_MASKS)
        self._firsts = FirstMaps()
        self._ahead = 0
        self.models = LabModels(database, proposals, workspace, settings, live)
        self.scales = Scales(database, proposals.queue, workspace.cache_dir, settings.max_image_pixels)
        self.surveys = Surveys(workspace.cache_dir)

    def model(self, key: ModelKey, item: ItemFacts) -> ProposalModel:
        """The model with that key; errors as `LabModels.get`."""
        return self.models.get(key, item.dataset_id)

    def item(self, item_id: int) -> ItemFacts:
        """A picture with tags.

        Raises:
            NotFoundError: There is no such picture.
            NoTagsError: The picture has no tags, so there are no maps to compute.
        """
        with self._database.read() as session:
            item = read_item(session, item_id)
        if not item.tags:
            raise NoTagsError(item.name)
        return item

    def image(self, item: ItemFacts) -> NDArray[np.uint8]:
        """The upright picture, uint8 (H, W, 3); errors as `ItemFacts.load_image`."""
        return item.load_image(self._max_image_pixels)

    def begin_look(self, item: ItemFacts, model: ProposalModel) -> Future[PictureLook]:
        """Begin to get the maps of a picture with every step, stored or computed in the queue.

        This thread reads the disk. The future raises `UserError` where the picture's file is missing, damaged
        or too large.
        """
        key = _key("maps", item, model)
        return self._begin(key, partial(self._stored_look, key, item), lambda: self._look(key, item, model))

    def look(self, item: ItemFacts, model: ProposalModel) -> PictureLook:
        """The same, waited for on this thread.

        Raises:
            UserError: The file of the picture is missing, damaged or too large.
            LabBusyError: The model was busy for too long.
        """
        found = waited(self.begin_look(item, model), item.name)
        # The maps do not depend on the item's name, dataset or colours, so these may have changed since.
        return found if found.item == item else replace(found, item=item)

    def begin_first_scores(self, item: ItemFacts, model: ProposalModel) -> Future[NDArray[np.float32] | None]:
        """Begin to get the tags' part of `CamSteps.scores_chw`, as soon as it is known.

        The other steps are still being computed then. The future gives None if the whole look was stored or
        failed: `begin_look` tells then.
        """
        key = _key("maps", item, model)
        return self._firsts.of(key, self.begin_look(item, model))

    def first_scores(self, item: ItemFacts, model: ProposalModel) -> NDArray[np.float32]:
        """The same, waited for on this thread; errors as `look`."""
        scores = waited(self.begin_first_scores(item, model), item.name)
        return self.look(item, model).steps.scores_chw[: len(item.tags)] if scores is None else scores

    def begin_puzzle(self, item: ItemFacts, model: ProposalModel, tiles_per_side: int) -> Future[PuzzleLook]:
        """Begin to get the whole and tiled maps of a picture, as `begin_look` does."""
        key = _key(f"puzzle {tiles_per_side} {model.loss}", item, model)
        return self._begin(
            key,
            partial(self._stored_puzzle, key),
            lambda: self._puzzle(key, item, model, tiles_per_side),
        )

    def puzzle(self, item: ItemFacts, model: ProposalModel, tiles_per_side: int) -> PuzzleLook:
        """The same, waited for on this thread; errors as `look`."""
        return waited(self.begin_puzzle(item, model, tiles_per_side), item.name)

    def begin_explanations(self, item: ItemFacts, model: ProposalModel) -> Future[Explanations | str]:
        """Begin to get `explanations` of a picture, kept in memory only."""
        return self.begin(
            _key("explanations", item, model), lambda: explanations(model, item, self.image(item))
        )

    def mask(
        self,
        item: ItemFacts,
        model: ProposalModel,
        settings: MaskSettings | None = None,
        *,
        may_be_draft: bool = False,
    ) -> MaskSteps:
        """The mask of a picture and the steps before it; errors as `look`.

        Args:
            item: The picture.
            model: The model whose maps are used.
            settings: None for the model's own settings; only masks made with these are stored on disk.
            may_be_draft: See `Masks.make`.
        """
        own = MaskSettings.of_model(model)
        if settings is not None and settings != own:
            return self._masks.make(model, self.look(item, model), settings, may_be_draft=may_be_draft)
        key = _key(f"mask {own}", item, model)
        made: MaskSteps = self._own_masks.get_or_make(
            key, lambda: self._stored_mask(key) or self._own(key, item, model)
        )
        return made

    def state(self, item: ItemFacts, model: ProposalModel, references: Sequence[Reference]) -> str:
        """Hash of everything that an answer about a picture contains: equal hashes mean equal answers."""
        said = (model_facts(model), item.id, item.name, item.class_colors, references)
        return hashlib.sha256(f"{VERSION} {_key('maps', item, model)} {said}".encode()).hexdigest()[:32]

    def begin(self, key: Hashable, make: Callable[[], Looked]) -> Future[Looked]:
        """Begin other work with the model, one at a time, and keep its result in memory; None is not kept.

        Args:
            key: Identifies the result.
            make: Makes the result.
        """
        return self._begin(key, lambda: None, make)

    def look_ahead(self, item: ItemFacts, model: ProposalModel, tiles_per_side: int | None) -> None:
        """Compute the steps and the mask of a picture that may be opened next, when nothing else is waiting.

        Args:
            item: The picture.
            model: The model.
            tiles_per_side: Also computes the maps of so many tiles per side; None computes none.
        """
        self._ahead += 1
        wanted = self._ahead

        def work() -> None:
            if wanted <= self._ahead - _MOST_AHEAD:
                return  # so many were requested since that this one is not opened soon
            key = _key("maps", item, model)
            # From memory, `mask` takes it without queueing: this work is running in the queue already.
            self._kept.get_or_make(key, lambda: self._stored_look(key, item) or self._look(key, item, model))
            self.mask(item, model)
            if tiles_per_side is None:
                return
            key = _key(f"puzzle {tiles_per_side} {model.loss}", item, model)
            if self._stored_puzzle(key) is None:
                self._puzzle(key, item, model, tiles_per_side)

        name = ("lab ahead", _key(f"{tiles_per_side}", item, model))
        self._proposals.queue.submit(name, work, Priority.IDLE)

    def references(self, item: ItemFacts) -> list[Reference]:
        """The reference masks of a picture, ground truth first."""
        with self._database.read() as session:
            return references_of(session, item.id)

    def reference_mask(self, reference: Reference) -> NDArray[np.uint8]:
        """The mask, uint8 (H, W); 255 is void and is not measured."""
        return self._mask_store.get(reference.mask_hash)

    def _look(self, key: str, item: ItemFacts, model: ProposalModel) -> PictureLook:
        made = look(model, item, self.image(item), partial(self._firsts.put, key))
        self._store.save(key, *pack_look(made))
        return made

    def _stored_look(self, key: str, item: ItemFacts) -> PictureLook | None:
        stored = self._store.load(key)
        return unpack_look(*stored, item, partial(self.image, item)) if stored else None

    def _own(self, key: str, item: ItemFacts, model: ProposalModel) -> MaskSteps:
        made = self._masks.make(model, self.look(item, model), MaskSettings.of_model(model))
        self._store.save(key, {}, {"thresholded": made.thresholded, "mask": made.mask})
        return made

    def _stored_mask(self, key: str) -> MaskSteps | None:
        stored = self._store.load(key)
        return MaskSteps(None, stored[1]["thresholded"], stored[1]["mask"]) if stored else None

    def _puzzle(self, key: str, item: ItemFacts, model: ProposalModel, tiles_per_side: int) -> PuzzleLook:
        made = puzzle(model, item, self.image(item), tiles_per_side)
        self._store.save(key, *pack_puzzle(made))
        return made

    def _stored_puzzle(self, key: str) -> PuzzleLook | None:
        stored = self._store.load(key)
        return unpack_puzzle(*stored) if stored else None

    def _begin(
        self, key: Hashable, load: Callable[[], Looked | None], make: Callable[[], Looked]
    ) -> Future[Looked]:
        """From memory, else from disk, else computed in the queue."""
        found = self._found(key, load)
        if found is None:
            return self._submitted(key, load, make)
        known: Future[Looked] = Future()
        known.set_result(found)
        return known

    def _found(self, key: Hashable, load: Callable[[], Looked | None]) -> Looked | None:
        """From memory, else from disk."""
        kept: Looked | None = self._kept.get(key)
        if kept is None:
            kept = load()
            if kept is not None:
                self._kept.get_or_make(key, lambda: kept)
        return kept

    def _submitted(
        self, key: Hashable, load: Callable[[], Looked | None], make: Callable[[], Looked]
    ) -> Future[Looked]:
        """Queue the computation; when its turn comes, it first looks on disk again."""

        def work() -> Looked:
            made: Looked = self._kept.get_or_make(key, lambda: load() or make())
            return made

        return self._proposals.in_turn(("lab", key), work)


def waited(future: Future[Looked], where: str) -> Looked:
    """Wait on this thread for a result.

    Raises:
        LabBusyError: The model was busy for too long.
    """
    try:
        return future.result(timeout=LONGEST_WAIT_S)
    except (TimeoutError, CancelledError) as error:
        raise LabBusyError(where) from error


_MOST_AHEAD = 4
_KEPT_MASKS = 6  # of a picture of 12 megapixels one takes 24 MB


def _key(what: str, item: ItemFacts, model: ProposalModel) -> str:
    """Key of a result: it depends on the model, the picture's content, its tags and the other classes."""
    identity = model.identity_of(tuple(item.class_names.values()))
    return f"{what}\n{identity}\n{item.sha256}\n{item.tags}\n{sorted(item.class_names.items())}"
