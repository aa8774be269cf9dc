"""The trained classifier: stored with all that its use needs, and a source of CAMs like any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from trainer.config import Recipe
from trainer.data.labels import normalize_class_name
from trainer.data.transforms import ChannelValue
from trainer.machine.device import DeviceChoice, choose_device
from trainer.nn.classifier import CamNetwork
from trainer.nn.encoders import build_encoder
from trainer.nn.fusion import fold_batch_norm
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

    def features(self, images: Tensor) -> Tensor:
        """Normalised float32 pictures (N, 3, H, W) -> float32 features (N, C, h, w) on its device."""
        on_device = images.to(self.device.device, memory_format=torch.channels_last)
        with (
            torch.inference_mode(),
            torch.autocast(self.device.device.type, self.device.dtype, enabled=self.device.uses_autocast),
        ):
            features: Tensor = self._network.encoder(on_device)
        return features.float()

    def class_weights(self, features: Tensor, class_names: Sequence[str]) -> Tensor:  # noqa: ARG002
        """Rows (K, C) of the head; zeros, and so an empty map, for a class that it has not learned."""
        head = self._network.classifier.weight.detach()[:, :, 0, 0].float()
        rows = [self._rows.get(normalize_class_name(name)) for name in class_names]
        chosen = [head[row] if row is not None else torch.zeros_like(head[0]) for row in rows]
        return torch.stack(chosen) if chosen else head.new_zeros((0, head.shape[1]))

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
        network = CamNetwork(encoder, len(class_names), batch_statistics=header["batch_statistics"])
        network.load_state_dict(stored.tensors)
    except (KeyError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"The weights in {path} do not match its header ({reason}); train it again."
        ) from error
    choice = device if isinstance(device, DeviceChoice) else choose_device(device)
    identity = f"{header['backbone']}-os{header['output_stride']}-{header['sha256'][:12]}"
    return TrainedClassifier(network, class_names, choice, f"trained/{identity}", affinity_power)
