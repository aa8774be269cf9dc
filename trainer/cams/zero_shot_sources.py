"""The zero-shot classifiers by name: how they are loaded, and how their maps are computed."""

from __future__ import annotations

from dataclasses import dataclass, field

from trainer.cams.classifier import CamClassifier
from trainer.cams.clip import CLIP_MAPS, ClipClassifier
from trainer.cams.clip_es import CLIP_ES_MAPS, ClipEsClassifier
from trainer.cams.config import CamConfig
from trainer.cams.zero_shot import load_zero_shot
from trainer.config import ZeroShotName
from trainer.data.tag_words import TagWords
from trainer.errors import TrainerUsageError
from trainer.machine.device import DeviceChoice, choose_device
from trainer.pretrained.clip import ClipWeights, load_clip

_MAPS: dict[ZeroShotName, CamConfig] = {
    "imagenet": CamConfig(),
    "clip": CLIP_MAPS,
    "clip-es": CLIP_ES_MAPS,
}


def zero_shot_name(text: str) -> ZeroShotName:
    """The name of a source. Raises TrainerUsageError with the known ones if there is none such."""
    for name in _MAPS:
        if name == text:
            return name
    raise TrainerUsageError(f"The source {text!r} is not known; choose one of {', '.join(_MAPS)}.")


@dataclass(frozen=True)
class ZeroShotSource:
    """Which classifier makes maps without training.

    Attributes:
        name: "imagenet" knows the tags that ImageNet has classes for; "clip" takes any tag; "clip-es" any
            tag where the tags of every picture are complete.
        backbone: of "imagenet", one of `trainer.nn.backbones.BACKBONES`.
        clip: network and weights of the other two.
    """

    name: ZeroShotName = "imagenet"
    backbone: str = "lite0"
    clip: ClipWeights = field(default_factory=ClipWeights)

    @property
    def maps(self) -> CamConfig:
        """How its maps are computed where nothing else is asked for."""
        return _MAPS[self.name]

    def load(self, device: DeviceChoice | str | None = None, words: TagWords | None = None) -> CamClassifier:
        """Load the classifier.

        Args:
            device: a choice made before, "cpu" or "cuda", or None to let `choose_device` decide.
            words: what tags mean to "imagenet"; without aliases when None. CLIP reads tags as they are.

        Raises:
            BackboneError: the backbone's weights are not installed.
            ClipError: open_clip is not installed, or the weights cannot be used.
            ValueError: the device is unknown or not available.
        """
        choice = device if isinstance(device, DeviceChoice) else choose_device(device)
        if self.name == "imagenet":
            return load_zero_shot(choice, self.backbone, words)
        network = load_clip(self.clip)
        return ClipClassifier(network, choice) if self.name == "clip" else ClipEsClassifier(network, choice)
