"""The trained classifier: stored with all that its use needs, and a source of CAMs like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from trainer.cams.classifier import Activations
from trainer.classify_config import ClassifyConfig
from trainer.config import Recipe
from trainer.data.labels import normalize_class_name
from trainer.data.transforms import ChannelValue
from trainer.machine.device import DeviceChoice, choose_device
from trainer.nn.classifier import CamNetwork, ClassWeights, rows_or_zeros
from trainer.nn.encoders import Encoder, build_encoder
from trainer.nn.fusion import fold_batch_norm
from trainer.nn.methods import build_classifier
from trainer.run.checkpoints import CheckpointError, load_tensors, save_tensors

KIND = "puzzlecam-classifier"


class TrainedClassifier:
    """A `trainer.cams.classifier.CamClassifier` whose head was trained.

    Attributes:
        class_names: classes it has learned.
        device: where it runs.
        identity: architecture, hash of the weights, and the affinity power where it is not 0.
        affinity_power: exponent of the feature affinity that spreads its maps; 0 leaves them alone.
    """

    def __init__(
        self,
        network: CamNetwork,
        class_names: Sequence[str],
        device: DeviceChoice,
        identity: str,
        affinity_power: float = 0.0,
    ) -> None:
        self.class_names = tuple(class_names)
        self.device = device
        self.identity = f"{identity}-spread{affinity_power:g}" if affinity_power else identity
        self.affinity_power = affinity_power
        fold_batch_norm(network.eval().encoder)
        self._network = network.to(device.device).to(memory_format=torch.channels_last)
        self._rows = {normalize_class_name(name): row for row, name in enumerate(self.class_names)}

    @property
    def output_stride(self) -> int:
        """Picture pixels per feature cell."""
        return self._network.output_stride

    @property
    def mean_std(self) -> tuple[ChannelValue, ChannelValue]:
        """Normalisation of RGB in [0, 1] that `features` expects."""
        return self._network.encoder.spec.mean, self._network.encoder.spec.std

    @property
    def encoder(self) -> Encoder:
        """Its backbone, as it was trained."""
        return self._network.encoder

    def features(self, images: Tensor) -> Tensor:
        """Normalised float32 pictures (N, 3, H, W) -> float32 features (N, C, h, w) on its device."""
        on_device = images.to(self.device.device, memory_format=torch.channels_last)
        with (
            torch.inference_mode(),
            torch.autocast(self.device.device.type, self.device.dtype, enabled=self.device.uses_autocast),
        ):
            features = self._network.map_features(on_device)
        return features.float()

    def class_weights(self, features: Tensor, class_names: Sequence[str]) -> ClassWeights:  # noqa: ARG002
        """What makes the maps; they are empty for a class that it has not learned."""
        return self._network.map_weights([self._rows.get(normalize_class_name(name)) for name in class_names])

    def activations(self, images: Tensor, class_names: Sequence[str]) -> Activations:
        """See `trainer.cams.classifier.GivesGradients`; in float32."""
        on_device = images.to(self.device.device, memory_format=torch.channels_last)
        stages, features, maps = self._network.stages_features_and_maps(on_device)
        rows = [self._rows.get(normalize_class_name(name)) for name in class_names]
        return Activations(stages, features, rows_or_zeros(maps.transpose(0, 1), rows).transpose(0, 1))

    def is_weak(self, class_name: str) -> bool:
        """Whether the class was not among those it has learned."""
        return normalize_class_name(class_name) not in self._rows

    def describe(self, class_name: str) -> str:
        """Whether it has learned the class, in one sentence for people."""
        if self.is_weak(class_name):
            return f"The trained classifier has not learned “{class_name}”, so its map is empty."
        return f"The map of “{class_name}” comes from the trained classifier."


def save_classifier(path: Path, network: CamNetwork, recipe: Recipe, class_names: Sequence[str]) -> None:
    """Store a trained classifier with all that `load_classifier` needs."""
    header = {
        "backbone": recipe.backbone.name,
        "output_stride": network.output_stride,
        "batch_statistics": recipe.classify.batch_statistics,
        "method": recipe.classify.method,
        "method_settings": recipe.classify.method_settings,
        "class_names": list(class_names),
        "recipe": recipe.name,
        "seed": recipe.seed,
    }
    save_tensors(path, KIND, header, network.state_dict())


def load_classifier(
    path: Path, device: DeviceChoice | str | None = None, *, affinity_power: float = 0.0
) -> TrainedClassifier:
    """Read a stored classifier.

    Args:
        path: what `save_classifier` wrote.
        device: a choice made before, "cpu" or "cuda", or None to let `choose_device` decide.
        affinity_power: see `trainer.config.CamsConfig`.

    Raises:
        CheckpointError: the file is missing, damaged, or not a classifier of this version.
    """
    stored = load_tensors(path, KIND)
    header = stored.header
    try:
        encoder = build_encoder(header["backbone"], output_stride=header["output_stride"])
        class_names = tuple(header["class_names"])
        config = _method_of(header)
        network = build_classifier(encoder, len(class_names), config)
        network.load_state_dict(stored.tensors)
    except (KeyError, RuntimeError, ValidationError) as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"The weights in {path} do not match its header ({reason}); train it again."
        ) from error
    choice = device if isinstance(device, DeviceChoice) else choose_device(device)
    identity = f"{header['backbone']}-os{header['output_stride']}-{header['sha256'][:12]}"
    if config.method_settings:
        identity = f"{identity}-{config.method}-{config.fingerprint[:8]}"
    return TrainedClassifier(network, class_names, choice, f"trained/{identity}", affinity_power)


def _method_of(header: Mapping[str, Any]) -> ClassifyConfig:
    """The settings that say how to build a stored network; files of older versions name no method."""
    return ClassifyConfig(
        method=header.get("method", "puzzle"),
        batch_statistics=header["batch_statistics"],
        **header.get("method_settings", {}),
    )
