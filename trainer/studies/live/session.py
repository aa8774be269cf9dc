"""One simulated session: an annotator corrects pictures one after another, and the live model learns."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.dataset import TaggedImage
from trainer.data.ground_truth import GroundTruth, read_mask
from trainer.live.leave_one_out import MAX_PICTURES, leave_one_out
from trainer.live.model import Knowledge, LiveModel
from trainer.live.trust import Trust
from trainer.run.map_storage import ClassMaps
from trainer.studies.live.measuring import Measured, Untouched
from trainer.studies.live.pictures import LivePictures
from trainer.studies.live.plan import RANDOM, LiveSimulationConfig, Parts, by_hash, shuffled
from trainer.studies.teaching.corrections import (
    Acceptance,
    Correction,
    Proposal,
    correct_proposal,
    correction_path,
)


@dataclass(frozen=True)
class Setting:
    """How one session differs from the others.

    Attributes:
        order: "score" or "random".
        seed: of the random order; None for the order "score".
        learns: whether the model learns; otherwise all proposals are those of the prior.
    """

    order: str
    seed: int | None
    learns: bool


@dataclass(frozen=True)
class Point:
    """The untouched pictures after some corrections."""

    corrected: int
    measured: Measured


@dataclass
class Session:
    """What happened in a session.

    Attributes:
        setting: of the session.
        points: in ascending order.
        ids: of the corrected pictures, in order.
        corrections: what each of them took; empty without clicks.
    """

    setting: Setting
    points: list[Point] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)


class Simulator:
    """Simulates sessions over the same pictures."""

    def __init__(
        self,
        parts: Parts,
        pictures: LivePictures,
        truth: GroundTruth,
        untouched: Untouched,
        folder: Path,
        config: LiveSimulationConfig,
    ) -> None:
        """Args:
        parts: the pictures that are corrected, and those that are measured.
        pictures: prepares them.
        truth: their ground truth.
        untouched: measures.
        folder: where corrections are stored.
        config: points and annotator.
        """
        self._parts = parts
        self._pictures = pictures
        self._truth = truth
        self._untouched = untouched
        self._folder = folder
        self._config = config

    def run(self, setting: Setting, advance: Callable[[str, int, int], None]) -> Session:
        """Simulate a session; what an interrupted one has done before is not done again.

        Args:
            setting: of the session.
            advance: called with what is being done, and the numbers done and in total.
        """
        return _Run(self, setting, advance).run()


class _Run:
    """The state of one session."""

    def __init__(
        self, simulator: Simulator, setting: Setting, advance: Callable[[str, int, int], None]
    ) -> None:
        self._parts, self._pictures = simulator._parts, simulator._pictures
        self._truth, self._untouched = simulator._truth, simulator._untouched
        self._config, self._setting, self._advance = simulator._config, setting, advance
        # Without learning, a picture's proposal does not depend on the session.
        name = setting.order if setting.seed is None else f"{setting.order}-seed{setting.seed}"
        self._folder = simulator._folder / (name if setting.learns else "without-learning")
        self._model = LiveModel(self._pictures.model.background_threshold)
        self._trust: Trust | None = None
        self._masks: dict[str, NDArray[np.uint8]] = {}
        self._lessons: list[str] = []
        self._corrected: list[TaggedImage] = []
        self._session = Session(setting)

    def run(self) -> Session:
        waiting: list[TaggedImage] = []
        last = self._config.points[-1]
        for count in range(last + 1):
            if count in self._config.points:
                self._measure(count)
            if count == last:
                break
            if count == 0 or (self._setting.order != RANDOM and count in self._config.points):
                waiting = self._queue()
            self._correct(waiting.pop(0))
            self._advance("corrected", count + 1, last)
        return self._session

    def _queue(self) -> list[TaggedImage]:
        """The pictures that are left, in the order in which they are corrected."""
        if self._setting.order == RANDOM:
            return shuffled(self._parts.correctable, self._setting.seed or 0)
        done = {image.id for image in self._corrected}
        knowledge = self._knowledge()
        doubts = {
            image.id: self._pictures.doubt(self._pictures.prepared(image).learned(knowledge))
            for image in self._parts.correctable
            if image.id not in done
        }
        left = [image for image in self._parts.correctable if image.id in doubts]
        return sorted(left, key=lambda image: (-doubts[image.id], image.id))

    def _knowledge(self) -> Knowledge | None:
        """What the model knows now, believed as far as the last test of it says."""
        return self._model.fit(self._trust) if self._model.masks else None

    def _measure(self, count: int) -> None:
        def learned() -> tuple[Knowledge, Trust] | None:
            if not self._model.masks:
                return None
            tested = by_hash(self._corrected)[:MAX_PICTURES]
            trust = leave_one_out(
                self._model, (self._pictures.evidence(image, self._masks[image.id]) for image in tested)
            ).trust
            return self._model.fit(trust), trust

        found = self._untouched.measured(
            self._lessons, learned, lambda done, total: self._advance("measured", done, total)
        )
        self._trust = found.trust
        self._session.points.append(Point(count, found))

    def _correct(self, image: TaggedImage) -> None:
        mask = self._corrected_mask(image) if self._config.has_clicks else self._truth.mask(image.id)
        self._session.ids.append(image.id)
        self._corrected.append(image)
        if self._setting.learns:
            self._masks[image.id] = mask
            self._model.add(self._pictures.evidence(image, mask))
            self._lessons.append(f"{image.id} {hashlib.sha256(mask.tobytes()).hexdigest()[:16]}")

    def _corrected_mask(self, image: TaggedImage) -> NDArray[np.uint8]:
        """Let the annotator correct the picture's current proposal."""
        prepared, picture = self._pictures.prepared(image), self._pictures.picture(image)
        maps_khw = prepared.learned(self._knowledge())
        mask = self._pictures.mask(picture, maps_khw, prepared.maps.class_indices)
        maps = ClassMaps(prepared.maps.class_indices, prepared.maps.image_size, maps_khw)
        identity = hashlib.sha256(mask.tobytes() + maps_khw.tobytes()).hexdigest()[:16]
        correction = correct_proposal(
            Proposal(image.id, mask, maps, identity),
            lambda: picture,
            self._truth.mask(image.id),
            self._folder,
            Acceptance(self._config.target, self._config.max_clicks),
        )
        self._session.corrections.append(correction)
        return read_mask(correction_path(self._folder, image.id))
