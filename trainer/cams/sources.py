"""Where CAMs come from: the trained classifier, the zero-shot one, or a weighted mean of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from trainer.cams.classifier import CamClassifier
from trainer.cams.compute import CamResult, compute_cams, multi_scale_cams
from trainer.cams.compute import cam_identity as one_identity
from trainer.cams.config import CamConfig
from trainer.cams.trained import load_classifier
from trainer.cams.zero_shot_sources import ZeroShotSource
from trainer.config import CamsConfig, Recipe
from trainer.contract import CLASSIFY
from trainer.data.tag_words import TagWords
from trainer.data.transforms import RgbImage
from trainer.machine.device import DeviceChoice, choose_device
from trainer.nn.losses import EPSILON
from trainer.pretrained.clip import ClipWeights
from trainer.run.directory import RunDir
from trainer.run.map_storage import Maps


@dataclass(frozen=True)
class CamSource:
    """A classifier and its share of the mean.

    Attributes:
        classifier: the classifier.
        share: above 0.
        config: how its maps are computed, with the `max_side` of the others; None for that of `CamSources`.
    """

    classifier: CamClassifier
    share: float = 1.0
    config: CamConfig | None = None


class CamSources:
    """One or more classifiers whose CAMs are averaged.

    Each classifier's maps are divided by their maximum before they are averaged, and so is their mean, so
    that every class reaches 1 whatever the scale of a classifier's weights.
    """

    def __init__(self, sources: Sequence[CamSource], config: CamConfig | None = None) -> None:
        """Args:
            sources: at least one; whole and tiled maps come from the first.
            config: how maps are computed where a source does not say it; defaults when None.

        Raises:
            ValueError: there is no source, or a share is not positive.
        """
        if not sources or any(source.share <= 0 for source in sources):
            raise ValueError("CAMs need at least one classifier, each with a share above 0.")
        self._config = sources[0].config or config or CamConfig()
        self._sources = tuple(replace(source, config=source.config or self._config) for source in sources)

    @property
    def first(self) -> CamClassifier:
        """The first classifier, for what cannot be averaged."""
        return self._sources[0].classifier

    @property
    def all(self) -> tuple[CamSource, ...]:
        """The classifiers and their shares, in the order given."""
        return self._sources

    @property
    def config(self) -> CamConfig:
        """How the maps of the first classifier are computed."""
        return self._config

    @property
    def identity(self) -> str:
        """Key for caching maps of classes whose names mean what is usual; see `identity_of`."""
        return self.identity_of(())

    def identity_of(self, class_names: Sequence[str]) -> str:
        """Key for caching the maps of some classes; with a single classifier, that classifier's."""
        names = [
            one_identity(source.classifier, source.config or self._config, class_names)
            for source in self._sources
        ]
        if len(names) == 1:
            return names[0]
        return " & ".join(
            f"{source.share:g} {name}" for source, name in zip(self._sources, names, strict=True)
        )

    def multi_scale(self, image_rgb: RgbImage, class_names: Sequence[str]) -> Maps:
        """Multi-scale maps float32 (K, h, w) in [0, 1]; arguments and errors as for `compute_cams`."""
        return self.mean(
            [
                multi_scale_cams(source.classifier, image_rgb, class_names, source.config)
                for source in self._sources
            ]
        )

    def compute(self, image_rgb: RgbImage, class_names: Sequence[str]) -> CamResult:
        """What `compute_cams` returns; all but `cams_khw` comes from the first classifier."""
        result = compute_cams(self.first, image_rgb, class_names, self._config)
        others = [
            multi_scale_cams(source.classifier, image_rgb, class_names, source.config)
            for source in self._sources[1:]
        ]
        return replace(
            result, cams_khw=self.mean([result.cams_khw, *others]), identity=self.identity_of(class_names)
        )

    def mean(self, maps: Sequence[Maps]) -> Maps:
        """Weighted mean of one map (K, h, w) per classifier, over its maximum; a single one is unchanged."""
        if len(maps) == 1:
            return maps[0]
        tensors = [torch.from_numpy(np.ascontiguousarray(maps_khw)) for maps_khw in maps]
        return np.asarray(self.mean_of(tensors).numpy())

    def mean_of(self, maps: Sequence[Tensor]) -> Tensor:
        """`mean` of tensors on one device."""
        if len(maps) == 1:
            return maps[0]
        total = torch.zeros_like(maps[0])
        for source, maps_khw in zip(self._sources, maps, strict=True):
            total += source.share * maps_khw
        peaks = total.amax(dim=(1, 2), keepdim=True) if total.numel() else total
        return total / (peaks + EPSILON)


def load_sources(
    recipe: Recipe,
    run_dir: RunDir,
    device: DeviceChoice | str | None = None,
    *,
    epoch: int | None = None,
) -> CamSources:
    """The classifiers whose CAMs a recipe averages; the trained one is that of the run.

    Args:
        recipe: of the run.
        run_dir: the run.
        device: a choice made before, a name, or None to let `choose_device` decide.
        epoch: use the classifier as it was after this many epochs (`trainer.training.kept_epochs`).

    Raises:
        CheckpointError: the recipe uses the trained classifier, and its file is missing or damaged.
        BackboneError: the recipe uses the zero-shot classifier, and its weights are not installed.
        ClipError: the recipe uses CLIP, and its package or weights cannot be used.
    """
    config = recipe.cams
    choice = device if isinstance(device, DeviceChoice) else choose_device(device)
    sources = []
    if config.zero_shot_share < 1:
        path = run_dir.model_path(CLASSIFY) if epoch is None else run_dir.epoch_path(epoch)
        power = config.affinity_power
        trained = load_classifier(path, choice, affinity_power=power)
        sources.append(CamSource(trained, 1 - config.zero_shot_share))
    if config.zero_shot_share > 0:
        sources.append(_zero_shot_source(recipe, choice, TagWords(run_dir.aliases_path)))
    return CamSources(sources, cam_config(config))


def _zero_shot_source(recipe: Recipe, device: DeviceChoice, words: TagWords) -> CamSource:
    config = recipe.cams
    clip = ClipWeights(config.clip_weights, config.clip_sha256, config.clip_network)
    source = ZeroShotSource(config.zero_shot_source, recipe.backbone.name, clip)
    is_clip = source.name != "imagenet"
    maps = source.maps.model_copy(update={"max_side": config.max_side}) if is_clip else None
    return CamSource(source.load(device, words), config.zero_shot_share, maps)


def cam_config(config: CamsConfig) -> CamConfig:
    """A recipe's settings for CAMs, as `trainer.cams.compute` takes them."""
    return CamConfig(scales=config.scales, flip=config.flip, max_side=config.max_side)
