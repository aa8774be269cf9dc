"""ImageNet backbones that keep their ImageNet classifier, at a chosen output stride."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True)
class BackboneSpec:
    """How to build a backbone, and how to normalise its input.

    Attributes:
        timm_name: architecture in timm.
        mean, std: normalisation of RGB in [0, 1], the same for the three channels.
    """

    timm_name: str
    mean: float = 0.5
    std: float = 0.5


BACKBONES = {
    "lite0": BackboneSpec("tf_efficientnet_lite0"),
    "lite2": BackboneSpec("tf_efficientnet_lite2"),
}
"""Backbones by the name that recipes use."""


class Backbone(nn.Module):
    """Features of an ImageNet network before pooling, and the classifier that was trained on them.

    Attributes:
        output_stride: picture pixels per feature cell.
        classifier: Linear(C, 1000), from pooled features to ImageNet logits.
        identity: architecture, output stride and hash of the weights; equal identities compute the same.
    """

    def __init__(self, network: nn.Module, spec: BackboneSpec, output_stride: int, weights_hash: str) -> None:
        super().__init__()
        self.network: Any = network  # timm's networks share methods, but no typed interface
        self.spec = spec
        self.output_stride = output_stride
        self.identity = f"{spec.timm_name}-os{output_stride}-{weights_hash}"

    @property
    def classifier(self) -> nn.Linear:
        """The ImageNet classifier."""
        linear: nn.Linear = self.network.classifier
        return linear

    def forward(self, images: Tensor) -> Tensor:
        """Normalised pictures (N, 3, H, W) -> features (N, C, ceil(H / stride), ceil(W / stride))."""
        features: Tensor = self.network.forward_features(images)
        return features
