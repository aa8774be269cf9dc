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
        edges: identity of the model whose edges it uses, None without.
        proposal: hash and mask of the proposal looked at last.
    """

    pixels: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    segmenter: InteractiveSegmenter | None = None
    edges: str | None = None
    proposal: tuple[str, NDArray[np.uint8]] | None = None


class PreparedPictures:
    """Makes and keeps them; safe for several threads.

    Args:
        load_features: Called once, when first needed; its result None makes the engine go by colour.
    """

    def __init__(
        self, predictor: Predictor, load_features: Callable[[], Features | None], max_image_pixels: int
    ) -> None:
        self._predictor = predictor
        self._load_features = load_features
        self._max_image_pixels = max_image_pixels
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._features: list[Features | None] = []
        self._kept: OrderedDict[str, PreparedPicture] = OrderedDict()

    def get(self, item: ItemFacts) -> PreparedPicture:
        """Return the picture's engine, made now where it is not kept.

        Raises:
            UserError: The file is gone, damaged or too large.
            TrainerError: The weights of the features are not there.
        """
        with self._lock:
            picture = self._kept.setdefault(item.sha256, PreparedPicture(item.width * item.height))
            self._kept.move_to_end(item.sha256)
            self._drop_oldest()
        with picture.lock:
            if picture.segmenter is None:
                self._make(picture, item)
        return picture

    def __len__(self) -> int:
        return len(self._kept)

    def _drop_oldest(self) -> None:
        while len(self._kept) > 1 and (
            len(self._kept) > _MOST_PICTURES
            or sum(picture.pixels for picture in self._kept.values()) > _MOST_PIXELS
        ):
            self._kept.popitem(last=False)

    def _make(self, picture: PreparedPicture, item: ItemFacts) -> None:
        from trainer.interactive.graph import grid_size
        from trainer.interactive.segmenter import InteractiveConfig, InteractiveSegmenter

        config = InteractiveConfig()
        image = item.load_image(self._max_image_pixels)
        segmenter = InteractiveSegmenter(self._feature_network(), config)
        edges = self._predictor.edges(image, grid_size((item.height, item.width), config.max_side))
        picture.edges = None if edges is None else self._predictor.model.identity
        segmenter.set_image(image, edges)
        picture.segmenter = segmenter

    def _feature_network(self) -> Features | None:
        with self._loading:
            if not self._features:
                self._features.append(self._load_features())
            return self._features[0]
