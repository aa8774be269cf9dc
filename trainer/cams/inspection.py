"""Every step from a picture to its CAMs and its losses, to explain a map instead of only showing it.

The arithmetic is that of `trainer.cams.compute`, `trainer.nn.puzzle` and `trainer.nn.losses`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trainer.cams.classifier import CamClassifier, cell_maps, joined, last_class
from trainer.cams.compute import (
    disagreement,
    divided_alike,
    divided_by_maximum,
    multi_scale_cams,
    multi_scale_steps,
    scaled_features,
)
from trainer.cams.config import CamConfig
from trainer.cams.sources import CamSources
from trainer.cams.views import PictureViews
from trainer.classify_config import PuzzleLossConfig
from trainer.data.transforms import RgbImage
from trainer.nn.classifier import ClassWeights, class_logits
from trainer.nn.losses import alpha_at, classification_terms, puzzle_loss, reconstruction_loss
from trainer.run.map_storage import Maps


@dataclass(frozen=True, eq=False)
class CamSteps:
    """The steps from the views of a picture to the CAMs of its T tags, and the maps of O other classes.

    All maps are float32 and span the picture exactly.

    Attributes:
        scales: S scales, ascending.
        views_svthw: equation 1 of picture and mirror image at each scale (S, 1 or 2, T, h, w), signed.
        scales_sthw: the positive part of their mean (S, T, h, w).
        total_thw: the sum over the scales.
        spread_thw: the sum spread by the classifier's affinity; None if its affinity power is 0.
        own_thw: the sum, spread or not, each class divided by its maximum: the CAMs of the first classifier.
        others_thw: the CAMs of the other classifiers, if the model averages several.
        cams_thw: the CAMs of the model, in [0, 1]; equal to `own_thw` if it has one classifier.
        raw_chw: the sum, spread or not, of tags and other classes, C = T + O, not divided.
        scores_chw: equation 1 at scale 1, averaged over picture and mirror image, signed.
        logits_c: mean of `scores_chw` over the picture, the classifier's logits (paper section 3.4).
    """

    scales: tuple[float, ...]
    views_svthw: Maps
    scales_sthw: Maps
    total_thw: Maps
    spread_thw: Maps | None
    own_thw: Maps
    others_thw: tuple[Maps, ...]
    cams_thw: Maps
    raw_chw: Maps
    scores_chw: Maps
    logits_c: Maps


def cam_steps(
    sources: CamSources,
    image_rgb: RgbImage,
    tags: Sequence[str],
    others: Sequence[str] = (),
    on_first: Callable[[Maps], None] | None = None,
) -> CamSteps:
    """Compute every step to the CAMs of a picture. `cams_thw` is what `CamSources.multi_scale` returns.

    Args:
        sources: the model's classifiers; the steps are those of the first.
        image_rgb: uint8 (H, W, 3).
        tags: the picture's T tags, at least one, each once.
        others: classes without a tag; each is computed as if it were one more tag.
        on_first: called with the tags' part of `scores_chw`, ready after at most a fifth of the work.

    Raises:
        ValueError: the picture is not a uint8 RGB array, or there is no tag.
    """
    if not tags:
        raise ValueError("A picture without tags has no CAMs.")
    classifier, config = sources.first, sources.config
    views = PictureViews(classifier, image_rgb, config)
    with torch.inference_mode():
        features = views.features(1.0)
        cropped = views.cropped(features, 1.0)
        weights = classifier.class_weights(cropped, tags)
        scores = views.maps(features, weights, 1.0)
        if on_first:
            on_first(_array(scores))
        scaled = list(scaled_features(views, features))
        steps = multi_scale_steps(views, scaled, weights)
        raw = steps.result_khw
        if others:
            other_weights = joined(_other_weights(classifier, cropped, tags, others))
            further_steps = multi_scale_steps(views, scaled, other_weights, steps.affinity)
            raw = torch.cat([raw, further_steps.result_khw])
            scores = torch.cat([scores, views.maps(features, other_weights, 1.0)])
    own = divided_by_maximum(steps.result_khw)
    further = tuple(
        multi_scale_cams(source.classifier, image_rgb, tags, source.config) for source in sources.all[1:]
    )
    return CamSteps(
        scales=steps.scales,
        views_svthw=_array(torch.stack(steps.views_vkhw)),
        scales_sthw=_array(torch.stack(steps.scales_khw)),
        total_thw=_array(steps.total_khw),
        spread_thw=None if steps.spread_khw is None else _array(steps.spread_khw),
        own_thw=own,
        others_thw=further,
        cams_thw=sources.mean([own, *further]),
        raw_chw=_array(raw),
        scores_chw=_array(scores),
        logits_c=_array(class_logits(scores[None])[0]),
    )


@dataclass(frozen=True)
class ClassLoss:
    """The contribution of one class to the losses of a picture.

    Attributes:
        name: the class.
        is_tagged: whether the picture is tagged with it.
        whole_logit, tiled_logit: means of its maps.
        classification, tile_classification: equations 4 and 5 for this class.
    """

    name: str
    is_tagged: bool
    whole_logit: float
    tiled_logit: float
    classification: float
    tile_classification: float


@dataclass(frozen=True)
class PictureLoss:
    """Equation 7 on one picture, as `trainer.nn.losses.puzzle_loss` computes it at the end of training.

    Attributes:
        classification: L_cls.
        tile_classification: L_p-cls.
        reconstruction: L_re.
        alpha: weight of L_re.
        total: weighted sum of the terms that the settings turn on.
        classes: the contribution of each class to the first two, which are means over the classes.
    """

    classification: float
    tile_classification: float
    reconstruction: float
    alpha: float
    total: float
    classes: tuple[ClassLoss, ...]


@dataclass(frozen=True, eq=False)
class PuzzleLook:
    """Maps of T tags from the whole picture and from the tiles of the puzzle module (paper figures 1 and 2).

    Attributes:
        tiles_per_side: n.
        whole_thw, tiled_thw: as in `trainer.cams.compute.CamResult`: [0, 1], one divisor per class.
        disagreement_t: `trainer.cams.compute.disagreement`.
        whole_cells_thw, tiled_cells_thw: equation 1 on the cells of the padded picture, unmirrored, signed:
            what the loss compares. Cell (i, j) of tile (a, b) is (a * h / n + i, b * w / n + j).
        cells_share: height and width of the padded picture as shares of the picture, at least 1.
        tile_share: height and width of a tile as shares of the picture.
        loss: None if the classifier has learned none of the classes.
    """

    tiles_per_side: int
    whole_thw: Maps
    tiled_thw: Maps
    disagreement_t: Maps
    whole_cells_thw: Maps
    tiled_cells_thw: Maps
    cells_share: tuple[float, float]
    tile_share: tuple[float, float]
    loss: PictureLoss | None


def puzzle_look(
    classifier: CamClassifier,
    image_rgb: RgbImage,
    tags: Sequence[str],
    others: Sequence[str],
    config: CamConfig,
    loss: PuzzleLossConfig | None = None,
) -> PuzzleLook:
    """Compute the maps of a picture whole and in tiles, and the losses of training on it.

    The losses are those of the whole picture in evaluation mode; training uses crops, and its batches may
    have their own statistics. Classes that the classifier has not learned do not count.

    Args:
        classifier: trained or zero-shot.
        image_rgb: uint8 (H, W, 3).
        tags: the picture's T tags, at least one.
        others: the classes without a tag.
        config: size of the picture, `flip`, and the number of tiles; the scale is 1.
        loss: what the classifier was trained with; the defaults when None.

    Raises:
        ValueError: the picture is not a uint8 RGB array, or there is no tag.
    """
    if not tags:
        raise ValueError("A picture without tags has no CAMs.")
    views = PictureViews(classifier, image_rgb, config)
    with torch.inference_mode():
        whole, tiled = views.features(1.0), views.tiled_features()
        cropped = views.cropped(whole, 1.0)
        weights = classifier.class_weights(cropped, tags)
        all_weights = joined([weights, *_other_weights(classifier, cropped, tags, others)])
        whole_khw, tiled_khw = divided_alike(views.maps(whole, weights, 1.0), views.maps(tiled, weights, 1.0))
        whole_cells = cell_maps(all_weights, whole[:1])
        tiled_cells = cell_maps(all_weights, tiled[:1])
        names = [*tags, *others]
        known = [number for number, name in enumerate(names) if not classifier.is_weak(name)]
        labels = whole_cells.new_tensor([[1.0 if number < len(tags) else 0.0 for number in known]])
        measured = (
            _picture_loss(
                whole_cells[:, known],
                tiled_cells[:, known],
                labels,
                [names[number] for number in known],
                loss or PuzzleLossConfig(),
            )
            if known
            else None
        )
    tile_share = views.tile_share()
    n = config.tiles_per_side
    return PuzzleLook(
        tiles_per_side=n,
        whole_thw=whole_khw,
        tiled_thw=tiled_khw,
        disagreement_t=disagreement(whole_khw, tiled_khw),
        whole_cells_thw=_array(whole_cells[0, : len(tags)]),
        tiled_cells_thw=_array(tiled_cells[0, : len(tags)]),
        cells_share=(tile_share[0] * n, tile_share[1] * n),
        tile_share=tile_share,
        loss=measured,
    )


def _picture_loss(
    whole: Tensor, tiled: Tensor, labels: Tensor, names: Sequence[str], config: PuzzleLossConfig
) -> PictureLoss:
    """Losses of maps (1, K, h, w) with labels (1, K), also of terms that training leaves out."""
    terms = puzzle_loss(whole, tiled, labels, config, progress=1.0)
    by_class = [classification_terms(maps, labels, config.logit_offset)[0] for maps in (whole, tiled)]
    logits = [class_logits(maps)[0] for maps in (whole, tiled)]
    return PictureLoss(
        classification=float(terms["classification"]),
        tile_classification=float(by_class[1].mean()),
        reconstruction=float(reconstruction_loss(whole, tiled, labels, config)),
        alpha=alpha_at(1.0, config),
        total=float(terms["loss"]),
        classes=tuple(
            ClassLoss(
                name=name,
                is_tagged=bool(labels[0, number] > 0),
                whole_logit=float(logits[0][number]),
                tiled_logit=float(logits[1][number]),
                classification=float(by_class[0][number]),
                tile_classification=float(by_class[1][number]),
            )
            for number, name in enumerate(names)
        ),
    )


def _other_weights(
    classifier: CamClassifier, features: Tensor, tags: Sequence[str], others: Sequence[str]
) -> list[ClassWeights]:
    """Weights of each class without a tag, computed as if it were one more tag."""
    return [last_class(classifier.class_weights(features, [*tags, name])) for name in others]


def _array(maps: Tensor) -> Maps:
    array: Maps = maps.float().cpu().numpy().astype(np.float32, copy=False)
    return array
