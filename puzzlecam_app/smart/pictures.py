"""Pictures prepared for the interactive engine: a few of them are kept, the latest used ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
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
"""Of all pictures kept together, four bytes each: the picture and its proposal."""


@dataclass(eq=False)
class PreparedPicture:
    """One picture's engine. Hold `lock` while using it.

    Attributes:
        edges: identity of the model whose edges it uses; None if that model has none.
        proposal: hash and mask of the proposal looked at last.
    """

    pixels: int
    edges: str | None
    lock: threading.Lock = field(default_factory=threading.Lock)
    segmenter: InteractiveSegmenter | None = None
    proposal: tuple[str, NDArray[np.uint8]] | None = None


class PreparedPictures:
    """Makes and keeps them, one for each picture and edge model; safe for several threads.

    Args:
        load_features: Called once, when first needed; its result None makes the engine go by colour.
    """

    def __init__(self, load_features: Callable[[], Features | None], max_image_pixels: int) -> None:
        self._load_features = load_features
        self._max_image_pixels = max_image_pixels
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._features: list[Features | None] = []
        self._kept: OrderedDict[tuple[str, str | None], PreparedPicture] = OrderedDict()

    def get(self, item: ItemFacts, predictor: Predictor) -> PreparedPicture:
        """Return the picture's engine, made now where it is not kept.

        Args:
            item: The picture.
            predictor: That of the picture's dataset; its edges bound the clicks.

        Raises:
            UserError: The file is gone, damaged or too large.
            TrainerError: The weights of the features are not there.
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

    def _feature_network(self) -> Features | None:
        with self._loading:
            if not self._features:
                self._features.append(self._load_features())
            return self._features[0]
