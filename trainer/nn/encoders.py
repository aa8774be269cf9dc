"""ImageNet networks without their classifier, from which every trained network of a run starts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import timm
from torch import Tensor, nn

from trainer.contract import FailureCode
from trainer.errors import TrainerError
from trainer.nn.backbones import BACKBONES
from trainer.nn.depthwise import speed_up_depthwise
from trainer.nn.resnest import restore_dilated_stages

Channels = tuple[float, float, float]

_IMAGENET_MEAN: Channels = (0.485, 0.456, 0.406)
_IMAGENET_STD: Channels = (0.229, 0.224, 0.225)


class EncoderError(TrainerError):
    """An encoder or its weights are not available; the message says what to do."""

    code = FailureCode.WEIGHTS_MISSING


@dataclass(frozen=True)
class EncoderSpec:
    """How to build an encoder, and how to normalise its input.

    Attributes:
        timm_name: architecture in timm; where its weights are published, a dot and their tag follow.
        mean, std: normalisation of RGB in [0, 1], by channel.
    """

    timm_name: str
    mean: Channels = _IMAGENET_MEAN
    std: Channels = _IMAGENET_STD

    @property
    def architecture(self) -> str:
        """Name without the tag of the weights."""
        return self.timm_name.partition(".")[0]


ENCODERS = {
    **{
        name: EncoderSpec(spec.timm_name, (spec.mean,) * 3, (spec.std,) * 3)
        for name, spec in BACKBONES.items()
    },
    "resnet50": EncoderSpec("resnet50.tv_in1k"),
    "resnet101": EncoderSpec("resnet101.tv_in1k"),
    "resnest50": EncoderSpec("resnest50d.in1k"),
    "resnest101": EncoderSpec("resnest101e.in1k"),
    "resnest200": EncoderSpec("resnest200e.in1k"),
    "resnest269": EncoderSpec("resnest269e.in1k"),
}
"""Encoders by the name that recipes use."""


class Encoder(nn.Module):
    """Features of a picture, from the last stage or from all five.

    Attributes:
        spec: architecture and normalisation.
        output_stride: picture pixels per cell of the last features.
        channels: C of the last features.
        stage_widths: channels of the five stages of `stages`.
        stage_strides: picture pixels per cell of each of them.
        imagenet_rows: float32 (1000, C), rows of the ImageNet classifier; None without pretrained weights. It
            is not a parameter: it is neither trained nor stored.
    """

    def __init__(
        self, network: Any, spec: EncoderSpec, output_stride: int, imagenet_rows: Tensor | None
    ) -> None:
        super().__init__()
        network.reset_classifier(0)
        speed_up_depthwise(network)
        self.network = network
        self.spec = spec
        self.output_stride = output_stride
        self.channels = int(network.num_features)
        self.stage_widths = tuple(int(info["num_chs"]) for info in network.feature_info)
        self.stage_strides = tuple(int(info["reduction"]) for info in network.feature_info)
        self.imagenet_rows = imagenet_rows

    def forward(self, images: Tensor) -> Tensor:
        """Normalised pictures (N, 3, H, W) -> features (N, C, ceil(H / stride), ceil(W / stride))."""
        features: Tensor = self.network.forward_features(images)
        return features

    def stages(self, images: Tensor) -> list[Tensor]:
        """Normalised pictures (N, 3, H, W) -> the features of the five stages, finest first."""
        stages: list[Tensor] = self.network.forward_intermediates(images, intermediates_only=True)
        return stages

    def stages_and_features(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """What `stages` and `forward` return, in one pass.

        The last features of an EfficientNet are not a stage: a 1x1 convolution makes them from the fifth one.
        """
        features, stages = self.network.forward_intermediates(images)
        return stages, features


def build_encoder(name: str, *, output_stride: int = 16) -> Encoder:
    """An encoder with random weights, into which stored ones can be loaded.

    Raises:
        EncoderError: the name is unknown.
    """
    spec = encoder_spec(name)
    return Encoder(build_network(spec, output_stride), spec, output_stride, None)


def encoder_spec(name: str) -> EncoderSpec:
    """Architecture and normalisation of a backbone by the name that recipes use.

    Raises:
        EncoderError: the name is unknown.
    """
    if name not in ENCODERS:
        raise EncoderError(f"Backbone {name!r} is not known; choose one of {', '.join(sorted(ENCODERS))}.")
    return ENCODERS[name]


def build_network(spec: EncoderSpec, output_stride: int) -> Any:
    """timm's network with its ImageNet classifier and random weights, dilated as its authors dilate it."""
    network = timm.create_model(spec.architecture, pretrained=False, output_stride=output_stride)
    if spec.architecture.startswith("resnest"):
        restore_dilated_stages(network)
    return network


def weights_hash(module: nn.Module) -> str:
    """Short hash of all parameters and buffers; modules of one architecture with equal hashes are equal."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
