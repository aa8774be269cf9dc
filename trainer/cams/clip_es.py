"""CAMs of any tag where the tags of a picture are complete: CLIP-ES (Lin et al., CVPR 2023).

Grad-CAM of a softmax over the picture's tags and words for background, then spread by the network's own
attention. A tag that is missing goes unnoticed: the softmax gives its pixels to the tags that are there. The
maps have not been measured, because no weights were at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.cams.attention_affinity import class_aware_spread
from trainer.cams.clip import WordEmbeddings
from trainer.cams.clip_words import load_clip_words, without
from trainer.cams.config import CamConfig
from trainer.contract import ZERO_SHOT_KIND
from trainer.data.transforms import ChannelValue
from trainer.machine.device import DeviceChoice
from trainer.nn.clip import class_gradients, gradient_features
from trainer.pretrained.clip import ClipNetwork

HEAD_VERSION = 1
"""Raise it when the arithmetic changes, so that cached maps are recomputed."""

PROMPT = "a clean origami {}."
"""The prompt that CLIP-ES found best of the 80."""

CLIP_ES_MAPS = CamConfig(scales=(1.0,), flip=False, max_side=512)
"""How CLIP-ES's maps are computed: one scale, the size of the picture."""


class ClipEsClassifier:
    """A `trainer.cams.classifier.CamClassifier` for pictures whose tags are complete.

    Its features contain the activations before the last block, and what is needed to compute the rest: see
    `trainer.nn.clip.gradient_features`. Class weights are gradients, and the head spreads the maps.

    Attributes:
        device: where it runs.
        identity: head, network, hash of the weights, and table of words.
        affinity_power: 0; the head spreads its maps itself.
    """

    affinity_power = 0.0

    def __init__(self, network: ClipNetwork, device: DeviceChoice) -> None:
        self.device = device
        self.words = load_clip_words()
        head = f"{ZERO_SHOT_KIND}-clip-es-v{HEAD_VERSION}"
        self.identity = f"{head}/{network.identity}/{self.words.fingerprint}"
        self._network = network
        self._model = network.model.to(device.device)
        self._embedded = WordEmbeddings(network, (PROMPT.format,), device)

    @property
    def output_stride(self) -> int:
        """Picture pixels per feature cell: the side of a patch."""
        return int(self._model.visual.patch_size[0])

    @property
    def mean_std(self) -> tuple[ChannelValue, ChannelValue]:
        """Normalisation of RGB in [0, 1]."""
        return self._network.mean, self._network.std

    def describe(self, class_name: str) -> str:
        """Which words the map of a tag comes from, in one sentence for people."""
        name = self.words.es_name(class_name)
        return f"The map of “{class_name}” shows which cells make CLIP say “{name}” rather than other words."

    def is_weak(self, class_name: str) -> bool:  # noqa: ARG002
        """Never: every tag has a text embedding."""
        return False

    def features(self, images: Tensor) -> Tensor:
        """Normalised float32 pictures (N, 3, H, W) -> float32 features (N, 3 D + h w, h, w)."""
        with (
            torch.inference_mode(),
            torch.autocast(self.device.device.type, self.device.dtype, enabled=self.device.uses_autocast),
        ):
            features = gradient_features(self._model.visual, images.to(self.device.device))
        return features.float()

    def class_weights(self, features: Tensor, class_names: Sequence[str]) -> GradientHead | Tensor:
        """The head of the tags of the picture whose features (N, 3 D + L, h, w) are given."""
        if not class_names:
            return features.new_zeros((0, features.shape[1]))
        names = [self.words.es_name(name) for name in class_names]
        texts = self._embedded.of([*names, *without(self.words.es_background, names)]).to(features.device)
        weights = class_gradients(self._model.visual, features, texts, len(names), self._network.logit_scale)
        return GradientHead(weights)


@dataclass(frozen=True, eq=False)
class GradientHead:
    """A `trainer.nn.classifier.MapHead`: Grad-CAM, then class-aware attention affinity.

    Attributes:
        weights: (K, D), see `trainer.nn.clip.class_gradients`.
    """

    weights: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """Features (N, 3 D + L, h, w) -> maps (N, K, h, w) in [0, 1]."""
        width = self.weights.shape[1]
        maps = torch.einsum("kd,ndhw->nkhw", self.weights, features[:, :width]).relu()
        return class_aware_spread(maps, features[:, 3 * width :])
