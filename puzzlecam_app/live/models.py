"""The live models of all datasets: they follow the history, and say what they know."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from db.engine import Database
from db.labels import latest_label_set
from db.live import (
    LiveRules,
    TaughtMask,
    items_changed_after,
    live_rules,
    newest_revision_id,
    taught_masks,
)
from db.masks import MaskStore
from db.palette import BACKGROUND, VOID
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.live.features import PictureFeatures
from puzzlecam_app.live.learner import Learner, NotReady
from puzzlecam_app.live.names import LiveName
from puzzlecam_app.live.reading import LiveFacts, live_facts
from puzzlecam_app.live.state import ClassState, LiveState
from puzzlecam_app.live.view import NOTHING_LEARNED, LiveView
from puzzlecam_app.proposing.predictor import Predictor

if TYPE_CHECKING:  # torch is imported when the first mask is learned
    from trainer.cams.compute import CamResult
    from trainer.live.evidence import PictureEvidence
    from trainer.live.features import CellFeatures

_OVERLAP: Final = 1000
"""On PostgreSQL a revision with a smaller id may be committed later; so many ids are looked at again."""
_MEASURED: Final = 64
_log = logging.getLogger(__name__)


class LiveModels:
    """The live models of a workspace, one for each dataset. Safe to call from several threads.

    The history in the database is the truth: `catch_up` makes a model contain exactly the newest accepted or
    corrected masks, whoever accepted them.

    Args:
        predictor_of: Returns the predictor of a dataset, whose maps are the prior.
        folder: Where what was learned is stored.
        features: Features of pictures; None switches the live models off.
    """

    def __init__(
        self,
        database: Database,
        masks: MaskStore,
        predictor_of: Callable[[int], Predictor],
        max_image_pixels: int,
        folder: Path,
        features: PictureFeatures | None,
    ) -> None:
        self._database = database
        self._masks = masks
        self._predictor_of = predictor_of
        self._max_image_pixels = max_image_pixels
        self._folder = folder
        self._features = features
        self._problem: str | None = None
        self._lock = threading.RLock()
        self._learners: dict[int, Learner] = {}
        self._rules: dict[int, LiveRules] = {}
        self._seen: dict[int, int] = {}
        self._left: dict[int, set[int]] = {}

    @property
    def is_on(self) -> bool:
        """Whether the models can learn: they are switched on, and the encoder's weights were found."""
        return self._features is not None and self._problem is None

    def warm_up(self) -> None:
        """Load the encoder before the first mask is accepted."""
        self._is_ready()

    def catch_up(
        self,
        dataset_id: int,
        *,
        may_compute: bool = True,
        seconds: float | None = None,
        all_items: bool = False,
    ) -> int:
        """Make the model of a dataset follow the history; quick where nothing has changed.

        Args:
            dataset_id: The dataset.
            may_compute: Whether maps may be computed for it. Otherwise, masks that need them are left for
                later.
            seconds: No mask is begun later than this; None for all of them.
            all_items: Compare all items with the history, not only those that have changed since.

        Returns:
            How many masks are still to be learned.
        """
        if not self._is_ready():
            return 0
        with self._lock:
            predictor = self._predictor_of(dataset_id)
            with self._database.read() as session:
                names = [one.name for one in latest_label_set(session, dataset_id).classes]
            learner = self._learner(dataset_id, predictor, names)
            with self._database.read() as session:
                rules = live_rules(session, dataset_id)
                newest = newest_revision_id(session)
                is_new = all_items or rules != self._rules.get(dataset_id) or dataset_id not in self._seen
                among: set[int] | None = None
                if not is_new:
                    among = set(self._left.get(dataset_id, ()))
                    seen = self._seen[dataset_id]
                    if newest != seen:
                        among |= items_changed_after(session, dataset_id, seen - _OVERLAP)
                if rules.is_paused:
                    self._rules[dataset_id] = rules
                    return 0
                wanted = {} if among == set() else taught_masks(session, dataset_id, rules, among)
            until = None if seconds is None else time.monotonic() + seconds
            learner.compute = partial(self._evidence, predictor=predictor, may_compute=may_compute)

            def is_time_up() -> bool:
                return until is not None and time.monotonic() > until

            had = bool(learner.held)
            left = learner.follow(wanted, among, is_time_up)
            if had and not learner.held:  # emptied: all masks are learned again
                with self._database.read() as session:
                    wanted = taught_masks(session, dataset_id, rules)
                left = learner.follow(wanted, None, is_time_up)
            self._rules[dataset_id], self._seen[dataset_id] = rules, newest
            self._left[dataset_id] = left
            return len(left)

    def view(self, dataset_id: int) -> LiveView:
        """What the model of a dataset knows now."""
        rules = self._rules.get(dataset_id)
        if rules is not None and rules.is_paused:
            return LiveView(is_paused=True)
        learner = self._learners.get(dataset_id)
        if learner is None or not self.is_on or not learner.held:
            return NOTHING_LEARNED
        return LiveView(knowledge=learner.knowledge)

    def may_renew(self, dataset_id: int, proposed_by: str | None) -> bool:
        """Whether a proposal may be due for what was learned or taken back since; quick.

        Args:
            dataset_id: The dataset.
            proposed_by: What made the present proposal.
        """
        if LiveName.parse(proposed_by) is not None:
            rules = self._rules.get(dataset_id)
            return self.is_on and not (rules is not None and rules.is_paused)
        return self.may_know(dataset_id)

    def may_know(self, dataset_id: int) -> bool:
        """Whether something was learned, or may be once the model has followed the history; quick."""
        rules = self._rules.get(dataset_id)
        if not self.is_on or (rules is not None and rules.is_paused):
            return False
        learner = self._learners.get(dataset_id)
        if learner is not None and learner.held:
            return True
        with self._database.read() as session:
            return newest_revision_id(session) != self._seen.get(dataset_id)

    def maps(
        self, item: ItemFacts, cams: CamResult, view: LiveView, load_image: Callable[[], NDArray[np.uint8]]
    ) -> CamResult:
        """The maps of a picture with what was learned; `cams` themselves where nothing was.

        Nothing is learned about copies: accepted masks of the same picture would show in their maps.
        """
        if item.is_copy or self._features is None or view.knowledge is None or not view.knows(item.tags):
            return cams
        features = self._features.of(item.sha256, load_image)
        learned = view.knowledge.maps(features, cams.cams_khw, item.tags)
        return replace(cams, cams_khw=learned, identity=f"{cams.identity}+live-{view.knowledge.identity}")

    def cells(self, item: ItemFacts) -> CellFeatures:
        """The features of a picture; only where `is_on`."""
        assert self._features is not None  # noqa: S101
        return self._features.of(item.sha256, lambda: item.load_image(self._max_image_pixels))

    def prepare(self, item: ItemFacts) -> None:
        """Compute the features of a picture that somebody will probably accept soon."""
        if self._features is not None and self.is_on and self._features.cached(item.sha256) is None:
            self._features.of(item.sha256, lambda: item.load_image(self._max_image_pixels))

    def has_made(self, proposed_by: str | None, predictor: Predictor, item: ItemFacts) -> bool:
        """Whether a proposal of a picture comes from a live model on this predictor's maps."""
        name = LiveName.parse(proposed_by)
        return name is not None and name.prior == predictor.proposer_of(item.tag_names)

    def is_measured(self, dataset_id: int) -> bool:
        """Whether the trust follows from exactly the masks that the model has learned from."""
        learner = self._learners.get(dataset_id)
        return learner is not None and bool(learner.held) and learner.is_measured

    def measure(self, dataset_id: int, is_wanted: Callable[[], bool] = lambda: True) -> bool:
        """Leave masks out one at a time, to know how far the model can be trusted.

        Returns False if `is_wanted`, which is asked before each mask, said no, or if nothing was learned.
        """
        with self._lock:
            learner = self._learners.get(dataset_id)
            if learner is None or not learner.held or not self.is_on:
                return False
            return learner.measure(_MEASURED, is_wanted)

    def store(self, dataset_id: int) -> None:
        """Write what was learned to disk, if it has changed."""
        with self._lock:
            learner = self._learners.get(dataset_id)
            if learner is not None and not learner.is_stored:
                learner.store()

    def state(self, dataset_id: int, *, is_computing: bool = False) -> LiveState:
        """What the panel shows; raises NotFoundError for an unknown dataset."""
        with self._database.read() as session:
            facts = live_facts(session, dataset_id)
        learner = self._learners.get(dataset_id)
        held = {} if learner is None else dict(learner.held)
        useless = set() if learner is None else set(learner.useless)
        return LiveState(
            is_paused=facts.rules.is_paused,
            is_computing=is_computing,
            masks=len(held),
            waiting=len(facts.taught - held.keys() - useless),
            measured_on=0 if learner is None else min(len(held), _MEASURED) if learner.scores else 0,
            classes=_classes(facts, learner),
            ignored=facts.ignored,
            reset_at=facts.reset_at,
            problem=self._problem if self._features is not None else "Live learning is off in this studio.",
        )

    def _is_ready(self) -> bool:
        """Load the encoder if it is not loaded; says once why it cannot be."""
        from trainer.errors import TrainerError

        if self._features is None or self._problem is not None:
            return False
        try:
            self._features.encoder  # noqa: B018 - loads it
        except (TrainerError, OSError) as error:
            self._problem = f"Nothing can be learned from accepted masks: {error}"
            _log.warning("%s", self._problem)
            return False
        return True

    def _learner(self, dataset_id: int, predictor: Predictor, class_names: Sequence[str]) -> Learner:
        """The learner on the prior that the dataset has now; what its words mean is part of the prior."""
        assert self._features is not None  # noqa: S101
        model = predictor.model
        identity = f"{self._features.encoder.identity}|{model.identity_of(class_names)}"
        learner = self._learners.get(dataset_id)
        if learner is None or learner.identity != identity:
            folder = self._folder / str(dataset_id) / hashlib.sha256(identity.encode()).hexdigest()[:16]
            compute = partial(self._evidence, predictor=predictor)
            learner = Learner(folder, identity, model.background_threshold, compute)
            self._learners[dataset_id] = learner
            self._seen.pop(dataset_id, None)
        return learner

    def _evidence(
        self, item_id: int, taught: TaughtMask, *, predictor: Predictor, may_compute: bool = True
    ) -> PictureEvidence | None:
        """What the mask of a picture says; None if it has no class.

        Raises:
            NotReady: Maps are missing, and they may not be computed.
        """
        from trainer.live.evidence import picture_evidence

        assert self._features is not None  # noqa: S101
        with self._database.read() as session:
            item = read_item(session, item_id)
        mask = self._masks.get(taught.mask_hash)
        painted = {int(index) for index in np.unique(mask)} - {BACKGROUND, VOID}
        indices = sorted((painted | set(taught.tags)) & item.class_names.keys())
        if not indices:
            return None
        names = [item.class_names[index] for index in indices]
        if not may_compute and predictor.cached_cams(item.sha256, names) is None:
            raise NotReady
        load_image = cache(lambda: item.load_image(self._max_image_pixels))  # decoded at most once
        computed = predictor.cams(item.sha256, names, load_image)
        # Maps that were just computed differ from the stored ones by rounding; evidence must not.
        cams = predictor.cached_cams(item.sha256, names) or computed
        features = self._features.of(item.sha256, load_image)
        return picture_evidence(features, cams.cams_khw, indices, mask)


def _classes(facts: LiveFacts, learner: Learner | None) -> tuple[ClassState, ...]:
    states = []
    for index, name in facts.classes:
        score = None if learner is None else learner.scores.get(index)
        states.append(
            ClassState(
                index,
                name,
                masks=0 if learner is None else learner.model.masks_of(index),
                tagged_todo=facts.tagged_todo.get(index, 0),
                iou_before=None if score is None else score.iou_before,
                iou_after=None if score is None else score.iou_after,
                trust=None if score is None else score.trust,
            )
        )
    return tuple(states)
