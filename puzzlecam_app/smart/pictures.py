"""Pictures that are prepared for the interactive engine; the few that were used last are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.items import ItemFacts
from puzzlecam_app.proposing.predictor import Predictor

if TYPE_CHECKING:  # torch is imported when the first picture is prepared
    from trainer.interactive.segmenter import Features, InteractiveSegmenter

_MOST_PICTURES = 8
_MOST_PIXELS = 40_000_000
"""Of all kept pictures together, at four bytes a pixel: the picture and its proposal."""


@dataclass(eq=False)
class PreparedPicture:
    """One picture's engine. Hold `lock` while using it.

    Attributes:
        pixels: number of pixels.
        edges: identity of the model whose edge map the engine uses; None if that model has none.
        lock: held by the thread that uses the picture.
        segmenter: the engine with the picture set; None until it is made.
        proposal: hash and mask of the proposal that was read last.
    """

    pixels: int
    edges: str | None
    lock: threading.Lock = field(default_factory=threading.Lock)
    segmenter: InteractiveSegmenter | None = None
    proposal: tuple[str, NDArray[np.uint8]] | None = None


class PreparedPictures:
    """Prepares pictures and keeps the last ones, by picture and edge model; safe for several threads."""

    def __init__(self, max_image_pixels: int) -> None:
        """Args:
        max_image_pixels: larger pictures are refused.
        """
        self._max_image_pixels = max_image_pixels
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._features: Features | None = None
        self._kept: OrderedDict[tuple[str, str | None], PreparedPicture] = OrderedDict()

    def get(self, item: ItemFacts, predictor: Predictor) -> PreparedPicture:
        """Return a picture with its engine, and prepare it first if it is not kept.

        Args:
            item: the picture.
            predictor: that of the dataset; its edge map bounds the clicks.

        Raises:
            UserError: The file is gone, damaged or too large.
            TrainerError: The weights of the feature network cannot be found.
        """
        edges = predictor.model.identity if predictor.model.walk else None
        key = (item.sha256, edges)
        with self._lock:
            picture = self._kept.setdefault(key, PreparedPicture(item.width * item.height, edges))
            self._kept.move_to_end(key)
            self._drop_oldest()
        with picture.lock:
            if picture.segmenter is None:
                picture.segmenter = self._made(item, predictor)
        return picture

    def __len__(self) -> int:
        return len(self._kept)

    def _drop_oldest(self) -> None:
        while len(self._kept) > 1 and (
            len(self._kept) > _MOST_PICTURES
            or sum(picture.pixels for picture in self._kept.values()) > _MOST_PIXELS
        ):
            self._kept.popitem(last=False)

    def _made(self, item: ItemFacts, predictor: Predictor) -> InteractiveSegmenter:
        from trainer.interactive.graph import grid_size
        from trainer.interactive.segmenter import InteractiveConfig, InteractiveSegmenter

        config = InteractiveConfig()
        image = item.load_image(self._max_image_pixels)
        segmenter = InteractiveSegmenter(self._feature_network(), config)
        edges = predictor.edges(image, grid_size((item.height, item.width), config.max_side))
        segmenter.set_image(image, edges)
        return segmenter

    def _feature_network(self) -> Features:
        from trainer.interactive.features import load_features

        with self._loading:
            if self._features is None:
                self._features = load_features()
            return self._features
