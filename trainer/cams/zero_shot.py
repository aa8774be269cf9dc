"""CAMs before any training: an ImageNet classifier, used through the ImageNet classes of a tag."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from trainer.cams.classifier import Activations
from trainer.contract import ZERO_SHOT_KIND
from trainer.data.class_table import load_class_table
from trainer.data.tag_words import TagWords
from trainer.machine.device import DeviceChoice, choose_device
from trainer.nn.backbones import Backbone
from trainer.nn.fusion import fold_batch_norm
from trainer.pretrained.backbones import load_backbone

HEAD_VERSION = 2
"""Raise it when the arithmetic of class weights or affinity changes, so that cached maps are recomputed."""

AFFINITY_POWER = 2.0
"""Best of 1 to 8 on two hundred VOC pictures (docs/research-log.md)."""

COMPETITION = 0.75
"""Share of the other tags' weights that is subtracted; at 1, two tags with equal weights would cancel out."""


class ZeroShotClassifier:
    """A `trainer.cams.classifier.CamClassifier` that only needs the names of the tags.

    The weights of a tag are those of its ImageNet classes, averaged by their probability in this picture: a
    beagle gets the weights of beagles, not the mean of 118 breeds. Two things are subtracted: the weights of
    whatever else the picture shows, averaged in the same way over the classes without a tag, because the
    grass under a horse is not a horse; and a share of the other tags' weights, because tags compete for
    pixels. A tag without ImageNet classes gets the weights of whatever else the picture shows, minus the mean
    of all classes.

    The backbone changes: its batch normalisation is folded, and it moves to the device.

    Attributes:
        device: where it runs.
        identity: head, weights and class table; see `trainer.cams.classifier.CamClassifier`.
        affinity_power: exponent of the feature affinity that spreads its maps; 0 leaves them alone.
    """

    def __init__(self, backbone: Backbone, device: DeviceChoice, words: TagWords | None = None) -> None:
        self.device = device
        self._words = words or TagWords()
        self.affinity_power = AFFINITY_POWER
        fold_batch_norm(backbone.eval())
        self._backbone = backbone.to(device.device).to(memory_format=torch.channels_last).eval()
        self._rows = backbone.classifier.weight.detach().float()
        self._bias = backbone.classifier.bias.detach().float()
        classes = load_class_table().fingerprint
        self.identity = f"{ZERO_SHOT_KIND}-v{HEAD_VERSION}/{backbone.identity}/{classes}"

    @property
    def output_stride(self) -> int:
        """Picture pixels per feature cell."""
        return int(self._backbone.output_stride)

    @property
    def mean_std(self) -> tuple[float, float]:
        """Normalisation of RGB in [0, 1]."""
        return self._backbone.spec.mean, self._backbone.spec.std

    def describe(self, class_name: str) -> str:
        """Which ImageNet classes the map of a tag comes from, in one sentence for people."""
        return self._words.match(class_name).reason

    def is_weak(self, class_name: str) -> bool:
        """Whether the tag has no ImageNet counterpart."""
        return self._words.match(class_name).weak

    def meaning_of(self, class_names: Sequence[str]) -> str:
        """Hash of the ImageNet classes of tags that the curated table does not list, or lists with others."""
        return self._words.meaning_of(class_names)

    def features(self, images: Tensor) -> Tensor:
        """Normalised float32 pictures (N, 3, H, W) -> float32 features (N, C, h, w) on its device."""
        on_device = images.to(self.device.device, memory_format=torch.channels_last)
        with (
            torch.inference_mode(),
            torch.autocast(self.device.device.type, self.device.dtype, enabled=self.device.uses_autocast),
        ):
            features: Tensor = self._backbone(on_device)
        return features.float()

    def activations(self, images: Tensor, class_names: Sequence[str]) -> Activations:
        """See `trainer.cams.classifier.GivesGradients`; the weights of tags get no gradient."""
        on_device = images.to(self.device.device, memory_format=torch.channels_last)
        features, stages = self._backbone.network.forward_intermediates(on_device)
        weights = self.class_weights(features.detach(), class_names)
        return Activations(stages, features, torch.einsum("kc,nchw->nkhw", weights, features))

    def class_weights(self, features: Tensor, class_names: Sequence[str]) -> Tensor:
        """Weights (K, C) of the tags for the picture whose features (views, C, h, w) are given."""
        if not class_names:
            return self._rows.new_zeros((0, self._rows.shape[1]))
        logits = functional.linear(features.mean(dim=(2, 3)), self._rows, self._bias).mean(dim=0)
        found = [list(self._words.match(name).imagenet_indices) for name in class_names]
        untagged = self._untagged(logits, sorted({index for indices in found for index in indices}))
        weights = torch.stack(
            [
                logits[indices].softmax(dim=0) @ self._rows[indices] - untagged
                if indices
                else untagged - self._rows.mean(dim=0)
                for indices in found
            ]
        )
        if len(weights) == 1:
            return weights
        rivals = (weights.sum(dim=0) - weights) / (len(weights) - 1)
        return weights - COMPETITION * rivals

    def _untagged(self, logits: Tensor, tagged: Sequence[int]) -> Tensor:
        """Weights (C,) of whatever the picture shows besides its tags."""
        others = logits.clone()
        if len(tagged) == len(others):
            return self._rows.mean(dim=0)  # all of ImageNet is tagged
        others[list(tagged)] = -torch.inf
        return others.softmax(dim=0) @ self._rows


def load_zero_shot(
    device: DeviceChoice | str | None = None, backbone: str = "lite0", words: TagWords | None = None
) -> ZeroShotClassifier:
    """Build the zero-shot classifier; loading takes a fraction of a second.

    Args:
        device: a choice made before, "cpu" or "cuda", or None to let `choose_device` decide.
        backbone: one of `trainer.nn.backbones.BACKBONES`.
        words: what tags mean; without aliases when None.

    Raises:
        BackboneError: the backbone's weights are not installed.
        ValueError: the device is unknown or not available.
    """
    choice = device if isinstance(device, DeviceChoice) else choose_device(device)
    return ZeroShotClassifier(load_backbone(backbone), choice, words)
