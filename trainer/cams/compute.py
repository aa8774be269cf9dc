"""Class activation maps of any `CamClassifier` (paper section 3.2, equation 1).

The arithmetic is the same before and after training: the classifier gives features and one weight vector
per class, or a head that computes their maps. Everything else (scales, flip, tiles, normalisation) is
computed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from trainer.cams.classifier import CamClassifier, ReadsWords
from trainer.cams.config import CamConfig
from trainer.cams.feature_affinity import FeatureAffinity
from trainer.cams.views import PictureViews
from trainer.data.transforms import RgbImage
from trainer.nn.classifier import ClassWeights
from trainer.nn.losses import EPSILON
from trainer.run.map_storage import Maps


@dataclass(frozen=True, eq=False)
class CamResult:
    """Maps of one picture. All maps are float32 (K, h, w) in [0, 1] and span the picture exactly.

    Attributes:
        class_names: the K classes, in the order given.
        image_size: (height, width) in pixels of the picture as given.
        cams_khw: maps summed over scales and mirror images and spread by the classifier's affinity, each
            class divided by its maximum.
        whole_khw: maps of the whole picture at scale 1: the positive part of equation 1.
        tiled_khw: maps of its tiles, merged. For each class, whole and tiled maps are divided by the larger
            of their maxima, so that they can be compared.
        disagreement_k: float32 (K,) in [0, 1], see `disagreement`.
        weak_k: bool (K,), classes whose map is only a guess.
        tiles_per_side: n of the n x n tiles.
        identity: classifier and settings that made the maps (`cam_identity`).
    """

    class_names: tuple[str, ...]
    image_size: tuple[int, int]
    cams_khw: Maps
    whole_khw: Maps
    tiled_khw: Maps
    disagreement_k: NDArray[np.float32]
    weak_k: NDArray[np.bool_]
    tiles_per_side: int
    identity: str


def cam_identity(classifier: CamClassifier, config: CamConfig, class_names: Sequence[str] = ()) -> str:
    """Key for caching maps: it changes with the weights, the head, the settings and what the names mean."""
    meaning = classifier.meaning_of(class_names) if isinstance(classifier, ReadsWords) else ""
    return f"{classifier.identity}{f'~{meaning}' if meaning else ''}+{config.fingerprint}"


def compute_cams(
    classifier: CamClassifier,
    image_rgb: RgbImage,
    class_names: Sequence[str],
    config: CamConfig | None = None,
) -> CamResult:
    """Compute the maps of some classes on one picture: multi-scale, whole and tiled.

    Args:
        classifier: trained or zero-shot.
        image_rgb: uint8 (H, W, 3), any size from 1 x 1.
        class_names: the picture's tags, each once; may be empty.
        config: defaults when None.

    Raises:
        ValueError: the picture is not a uint8 RGB array, or a class is given twice.
    """
    config = config or CamConfig()
    names = _checked_names(class_names)
    views = PictureViews(classifier, image_rgb, config)
    with torch.inference_mode():
        features = views.features(1.0)
        weights = classifier.class_weights(views.cropped(features, 1.0), names)
        total = _multi_scale(views, features, weights)
        whole = views.maps(features, weights, 1.0)
        tiled = views.maps(views.tiled_features(), weights, 1.0)
    whole_khw, tiled_khw = divided_alike(whole, tiled)
    return CamResult(
        class_names=names,
        image_size=(image_rgb.shape[0], image_rgb.shape[1]),
        cams_khw=divided_by_maximum(total),
        whole_khw=whole_khw,
        tiled_khw=tiled_khw,
        disagreement_k=disagreement(whole_khw, tiled_khw),
        weak_k=np.array([classifier.is_weak(name) for name in names], dtype=np.bool_),
        tiles_per_side=config.tiles_per_side,
        identity=cam_identity(classifier, config, names),
    )


def multi_scale_cams(
    classifier: CamClassifier,
    image_rgb: RgbImage,
    class_names: Sequence[str],
    config: CamConfig | None = None,
) -> Maps:
    """Only the `cams_khw` of `compute_cams`, without the work for tiles; same arguments and errors."""
    names = _checked_names(class_names)
    views = PictureViews(classifier, image_rgb, config or CamConfig())
    with torch.inference_mode():
        features = views.features(1.0)
        weights = classifier.class_weights(views.cropped(features, 1.0), names)
        total = _multi_scale(views, features, weights)
    return divided_by_maximum(total)


def difference(whole_khw: Maps, tiled_khw: Maps) -> Maps:
    """|whole - tiled|, float32 (K, h, w) in [0, 1]: where whole and tiled maps differ (equation 6)."""
    apart: Maps = np.abs(whole_khw - tiled_khw)
    return apart


def disagreement(whole_khw: Maps, tiled_khw: Maps) -> NDArray[np.float32]:
    """One number in [0, 1] per class: sum |whole - tiled| / sum max(whole, tiled) over the pixels.

    This is one minus the soft IoU of the two maps: 0 when they are equal (or both empty), 1 when they never
    overlap. Unlike the plain mean it does not shrink with the object.
    """
    apart = difference(whole_khw, tiled_khw).sum(axis=(1, 2), dtype=np.float64)
    union = np.maximum(whole_khw, tiled_khw).sum(axis=(1, 2), dtype=np.float64)
    ratio = np.divide(apart, union, out=np.zeros_like(apart), where=union > 0)
    return np.asarray(ratio, dtype=np.float32)


def upsample(maps_khw: Maps, size: tuple[int, int]) -> Maps:
    """Bilinear (K, h, w) -> (K, H, W); maps span the picture exactly, so nothing shifts at the edges."""
    if maps_khw.shape[0] == 0:
        return np.zeros((0, *size), dtype=np.float32)
    tensor = torch.from_numpy(np.ascontiguousarray(maps_khw, dtype=np.float32))[None]
    return functional.interpolate(tensor, size=size, mode="bilinear", align_corners=False)[0].numpy()


@dataclass(frozen=True, eq=False)
class MultiScale:
    """The steps from the views of a picture to its multi-scale maps, before division by the maximum.

    Attributes:
        scales: S scales, ascending.
        views_vkhw: for each scale, equation 1 of picture and mirror image (1 or 2, K, h, w), signed.
        scales_khw: for each scale, the positive part of their mean (K, h, w).
        total_khw: the sum over the scales.
        spread_khw: the sum spread by the classifier's affinity; None if its affinity power is 0.
        affinity: what spread the sum; None likewise.
    """

    scales: tuple[float, ...]
    views_vkhw: tuple[Tensor, ...]
    scales_khw: tuple[Tensor, ...]
    total_khw: Tensor
    spread_khw: Tensor | None
    affinity: FeatureAffinity | None

    @property
    def result_khw(self) -> Tensor:
        """The maps that become the CAMs: `spread_khw` if there is one, else `total_khw`."""
        return self.total_khw if self.spread_khw is None else self.spread_khw


def multi_scale_steps(
    views: PictureViews,
    scaled: Iterable[Tensor],
    weights: ClassWeights,
    affinity: FeatureAffinity | None = None,
) -> MultiScale:
    """Sum the maps of all scales, and spread the sum if the classifier's affinity power is above 0.

    Args:
        views: of the picture.
        scaled: features at every scale, see `scaled_features`.
        weights: see `CamClassifier.class_weights`.
        affinity: that of the same views, if it was computed before.
    """
    scales = tuple(sorted(views.config.scales))
    by_view, by_scale = [], []
    for scale, features in zip(scales, scaled, strict=True):
        by_view.append(views.view_maps(features, weights, scale))
        by_scale.append(by_view[-1].mean(dim=0).relu())
    total = sum(by_scale[1:], start=by_scale[0])
    power = views.classifier.affinity_power
    if affinity is None and power > 0:
        affinity = FeatureAffinity(views.cells(features, scales[-1]), power)
    spread = affinity.spread(total) if affinity else None
    return MultiScale(scales, tuple(by_view), tuple(by_scale), total, spread, affinity)


def scaled_features(views: PictureViews, features: Tensor) -> Iterator[Tensor]:
    """Yield the features at every scale, ascending; `features` are those at scale 1."""
    for scale in sorted(views.config.scales):
        yield features if scale == 1.0 else views.features(scale)


def divided_by_maximum(maps_khw: Tensor) -> Maps:
    """Non-negative maps, each divided by its maximum plus `EPSILON`: float32 (K, h, w) in [0, 1]."""
    return over_maximum(maps_khw).cpu().numpy()


def over_maximum(maps_khw: Tensor) -> Tensor:
    """`divided_by_maximum` on the device of the maps."""
    return _over(maps_khw, _maximum(maps_khw))


def divided_alike(whole_khw: Tensor, tiled_khw: Tensor) -> tuple[Maps, Maps]:
    """The positive parts of both maps, divided by the larger of their maxima for each class."""
    whole, tiled = whole_khw.relu(), tiled_khw.relu()
    shared_maximum = torch.maximum(_maximum(whole), _maximum(tiled))
    return _over(whole, shared_maximum).cpu().numpy(), _over(tiled, shared_maximum).cpu().numpy()


def _multi_scale(views: PictureViews, features: Tensor, weights: ClassWeights) -> Tensor:
    """Sum over the scales (K, grid height, grid width), not normalised; `features` are those of scale 1."""
    return multi_scale_steps(views, scaled_features(views, features), weights).result_khw


def _checked_names(class_names: Sequence[str]) -> tuple[str, ...]:
    names = tuple(class_names)
    if len(set(names)) != len(names):
        raise ValueError(
            f"Each class can be given once per picture, but these were given: {', '.join(names)}."
        )
    return names


def _maximum(maps: Tensor) -> Tensor:
    return maps.amax(dim=(1, 2), keepdim=True)


def _over(maps: Tensor, maximum: Tensor) -> Tensor:
    return (maps / (maximum + EPSILON)).float()
