"""FickleNet: a classifier that sees another random choice of cells each time, in training and afterwards.

Lee et al., CVPR 2019. Every choice joins other places of the picture, so the maps of many choices together
also cover parts that no single map shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.classify_config import ClassifyConfig, FickleConfig
from trainer.nn.classifier import CamNetwork, ClassWeights, rows_or_zeros
from trainer.nn.encoders import Encoder
from trainer.nn.losses import EPSILON

_DRAWN_VALUES = 2**22
"""Random numbers that are drawn at once: 16 MB."""


class FickleNetwork(CamNetwork):
    """The classifier is a convolution over windows, each of which sees a random part of its cells.

    Its score of a class is linear in the features, so Grad-CAM needs no backward pass: a cell's map is what
    the cell adds to the score (`random_maps`), and the score is the mean of the map.

    Attributes:
        settings: window, share of dropped cells, number of random maps.
    """

    def __init__(self, encoder: Encoder, class_count: int, config: ClassifyConfig) -> None:
        super().__init__(encoder, class_count, batch_statistics=config.batch_statistics)
        self.settings = config.ficklenet
        self.classifier = nn.Conv2d(encoder.channels, class_count, self.settings.window, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """One random map of each class and picture, (N, K, h, w), unbounded; from torch's generator."""
        terms = window_terms(self.last_features(images), self.classifier.weight).float()
        size, window = terms.shape[-2:], self.settings.window
        drawn = torch.rand((len(terms), window * window, *size), device=terms.device)
        return (terms * seen_cells(drawn, window, self.settings.dropped)[:, None]).sum(dim=2)

    def score_maps(self, features: Tensor) -> Tensor:
        """The maps (N, K, h, w) that random ones have on average, whose means are the expected logits."""
        window, dropped = self.settings.window, self.settings.dropped
        terms = window_terms(features, self.classifier.weight)
        inside = seen_cells(terms.new_ones((1, window * window, *terms.shape[-2:])), window, 0.0)
        share = torch.full((window * window, 1, 1), 1.0 - dropped, device=terms.device)
        share[window * window // 2] = 1.0
        return (terms * inside[:, None] * share).sum(dim=2)

    def map_weights(self, rows: Sequence[int | None]) -> ClassWeights:
        """A head that aggregates random maps; the classes asked for compete in it."""
        return _FickleHead(rows_or_zeros(self.classifier.weight.detach().float(), rows), self.settings)

    @torch.no_grad()
    def start_class(self, position: int, row: Tensor) -> None:
        """Start all cells of the window alike, so that the expected score is that of a plain classifier."""
        cells = self.settings.window**2
        expected = 1.0 + (cells - 1) * (1.0 - self.settings.dropped)
        self.classifier.weight[position] = row[:, None, None] / expected


class _FickleHead:
    """Aggregated maps of the rows (K, C, s, s) of the classifier; always from the same random numbers."""

    def __init__(self, weight: Tensor, settings: FickleConfig) -> None:
        self._weight = weight
        self._settings = settings

    def __call__(self, features: Tensor, /) -> Tensor:
        settings = self._settings
        if len(self._weight) == 0:
            return features.new_zeros((len(features), 0, *features.shape[2:]))
        terms = window_terms(features, self._weight)
        strongest, total = terms.new_zeros(()), terms.new_zeros(())
        for cells in _drawn_cells(terms, settings):
            scaled = _over_maximum(random_maps(terms, cells))
            strongest = torch.maximum(strongest, scaled.amax(dim=1))
            total = total + scaled.sum(dim=1)
        return undisputed(strongest, total / settings.maps, settings.threshold)


def window_terms(features: Tensor, weight: Tensor) -> Tensor:
    """What each cell adds to the windows around it, if they see it.

    Args:
        features: (N, C, h, w).
        weight: (K, C, s, s), s odd.

    Returns:
        (N, K, s * s, h, w): for the offset o of a cell in its window, sum over c of weight_c,o features_c.
    """
    classes, channels, side, _ = weight.shape
    kernel = weight.flatten(2).transpose(1, 2).reshape(classes * side * side, channels, 1, 1)
    terms = functional.conv2d(features, kernel)
    return terms.reshape(len(terms), classes, side * side, *terms.shape[2:])


def seen_cells(drawn: Tensor, window: int, dropped: float) -> Tensor:
    """Which windows see which cells: the centre always, any other with probability 1 - `dropped`.

    All channels of a cell are seen or none.

    Args:
        drawn: uniform random numbers (P, s * s, h, w).
        window: s.
        dropped: in [0, 1).

    Returns:
        Float of the same shape: at offset o = (dy + r) s + dx + r, r = s // 2, and cell (y, x), 1 if the
        window around (y - dy, x - dx) sees the cell, 0 if not or if this centre is outside the map.
    """
    seen = drawn >= dropped
    seen[:, window * window // 2] = True
    height, width = drawn.shape[-2:]
    offsets = torch.arange(window, device=drawn.device) - window // 2
    rows = torch.arange(height, device=drawn.device)[None] - offsets[:, None]
    columns = torch.arange(width, device=drawn.device)[None] - offsets[:, None]
    rows_inside = (rows >= 0) & (rows < height)
    columns_inside = (columns >= 0) & (columns < width)
    inside = rows_inside[:, None, :, None] & columns_inside[None, :, None, :]
    return (seen & inside.reshape(window * window, height, width)).float()


def random_maps(terms: Tensor, cells: Tensor) -> Tensor:
    """Grad-CAM of the score for each random choice: features times the gradient of h w times the score.

    Args:
        terms: (N, K, s * s, h, w), see `window_terms`.
        cells: (P, s * s, h, w), see `seen_cells`.

    Returns:
        (N, P, K, h, w); the mean of a map over its cells is the score of its class.
    """
    pictures, classes, offsets, *size = terms.shape
    maps = terms.new_zeros((pictures, len(cells), classes, *size))
    for offset in range(offsets):  # a product of many small matrices takes eight times as long
        maps.addcmul_(terms[:, None, :, offset], cells[None, :, None, offset])
    return maps


def undisputed(strongest: Tensor, mean: Tensor, threshold: float) -> Tensor:
    """Where several classes exceed the threshold, only the one with the highest mean still does.

    Args:
        strongest, mean: (N, K, h, w) in [0, 1], over the random maps.
        threshold: what a class must exceed to claim a cell.
    """
    claims = strongest > threshold
    first = torch.where(claims, mean, -1.0).argmax(dim=1, keepdim=True)
    is_first = torch.arange(claims.shape[1], device=claims.device)[None, :, None, None] == first
    return torch.where(claims & ~is_first, threshold, strongest)


def _drawn_cells(terms: Tensor, settings: FickleConfig) -> Iterator[Tensor]:
    """The choices of all random maps, some at a time; fewer maps have the first of the same choices."""
    values, size = settings.window**2, terms.shape[-2:]
    at_once = max(1, _DRAWN_VALUES // (values * size[0] * size[1]))
    generator = torch.Generator().manual_seed(0)
    for start in range(0, settings.maps, at_once):
        drawn = torch.rand((at_once, values, *size), generator=generator)
        chosen = drawn[: settings.maps - start].to(terms.device)
        yield seen_cells(chosen, settings.window, settings.dropped)


def _over_maximum(maps: Tensor) -> Tensor:
    positive = maps.relu()
    return positive / (positive.amax(dim=(-2, -1), keepdim=True) + EPSILON)
