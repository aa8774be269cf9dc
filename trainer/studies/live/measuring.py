"""The proposals of the untouched pictures against their ground truth; each measurement is stored."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import trainer.live
from trainer.data.dataset import TaggedImage
from trainer.data.ground_truth import GroundTruth
from trainer.data.transforms import RgbImage
from trainer.live.model import Knowledge
from trainer.live.trust import Trust
from trainer.machine.durable_write import write_atomic
from trainer.machine.image_pool import map_images
from trainer.masks.metrics import Confusion, confusion_matrix
from trainer.masks.pieces import drop_small_pieces
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label_steps
from trainer.run.map_storage import Maps
from trainer.studies.live.pictures import LivePictures


@dataclass(frozen=True, eq=False)
class Measured:
    """What was found at one point.

    Attributes:
        maps: int64 (C, C), confusion of the thresholded maps, see `trainer.masks.metrics.confusion_matrix`.
        masks: the same of the proposals: after the CRF, without small pieces.
        trust: how far the model was believed; None before the first mask.
    """

    maps: Confusion
    masks: Confusion
    trust: Trust | None


class Untouched:
    """The pictures that nobody corrects."""

    def __init__(
        self,
        images: Sequence[TaggedImage],
        pictures: LivePictures,
        truth: GroundTruth,
        class_count: int,
        folder: Path,
        workers: int | None,
    ) -> None:
        """Args:
        images: the pictures.
        pictures: prepares them.
        truth: their ground truth.
        class_count: C, background included.
        folder: where measurements are stored.
        workers: number of processes; None uses all cores.
        """
        self._images = images
        self._pictures = pictures
        self._truth = truth
        self._class_count = class_count
        self._folder = folder
        self._workers = workers
        self._identity = f"{pictures.identity} {_code()} {[image.id for image in images]}"

    def measured(
        self,
        lessons: Sequence[str],
        learned: Callable[[], tuple[Knowledge, Trust] | None],
        advance: Callable[[int, int], None],
    ) -> Measured:
        """Measure the proposals after some lessons, or read what was measured before.

        Args:
            lessons: what the model has learned from, in order; it is the key of the stored measurement.
            learned: gives what the model knows; None for proposals of the prior alone. It is called only if
                the measurement is not stored.
            advance: called with the numbers of pictures done and in total.
        """
        key = hashlib.sha256(f"{self._identity} {list(lessons)}".encode()).hexdigest()[:16]
        path = self._folder / f"{key}.json"
        if path.is_file():
            return _read(json.loads(path.read_bytes()))
        known = learned()
        measured = self._measure(known, advance)
        write_atomic(path, json.dumps(_written(measured)).encode())
        return measured

    def _measure(
        self, known: tuple[Knowledge, Trust] | None, advance: Callable[[int, int], None]
    ) -> Measured:
        knowledge, trust = known or (None, None)
        total = np.zeros((2, self._class_count, self._class_count), dtype=np.int64)
        work = functools.partial(_confusions, self._pictures.model.refinement, self._class_count)
        items, count = self._items(knowledge), len(self._images)
        for done, found in enumerate(map_images(work, items, total=count, workers=self._workers), start=1):
            total += found
            advance(done, count)
        return Measured(total[0], total[1], trust)

    def _items(self, knowledge: Knowledge | None) -> Iterator[_Item]:
        for image in self._images:
            prepared = self._pictures.prepared(image)
            yield _Item(
                self._pictures.picture(image),
                prepared.learned(knowledge),
                prepared.maps.class_indices,
                self._truth.mask(image.id),
            )


@dataclass(frozen=True, eq=False)
class _Item:
    picture: RgbImage
    maps_khw: Maps
    class_indices: tuple[int, ...]
    truth: NDArray[np.uint8]


def _confusions(refinement: PseudoLabelConfig, class_count: int, item: _Item) -> NDArray[np.int64]:
    """int64 (2, C, C): of the thresholded maps, and of the proposal."""
    thresholded, refined = pseudo_label_steps(item.picture, item.maps_khw, item.class_indices, refinement)
    proposal = drop_small_pieces(refined, refinement.min_piece_share)
    return np.stack([confusion_matrix(item.truth, mask, class_count) for mask in (thresholded, proposal)])


@functools.cache
def _code() -> str:
    """Hash of the live model's code: with other arithmetic, everything is measured again."""
    digest = hashlib.sha256()
    for path in sorted(Path(next(iter(trainer.live.__path__))).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _written(measured: Measured) -> dict[str, Any]:
    trust = measured.trust
    return {
        "maps": measured.maps.tolist(),
        "masks": measured.masks.tolist(),
        "trust": None if trust is None else {"by_class": dict(trust.by_class), "unseen": trust.unseen},
    }


def _read(stored: dict[str, Any]) -> Measured:
    trust = stored["trust"]
    return Measured(
        np.array(stored["maps"], dtype=np.int64),
        np.array(stored["masks"], dtype=np.int64),
        None
        if trust is None
        else Trust({int(index): factor for index, factor in trust["by_class"].items()}, trust["unseen"]),
    )
