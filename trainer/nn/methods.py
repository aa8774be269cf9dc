"""The network of each method that trains a classifier on tags, and what makes its maps.

To add a method: name it in `trainer.classify_config.ClassifyMethod`, give it a network here and a training
step in `trainer.training.methods`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trainer.classify_config import ClassifyConfig, ClassifyMethod
from trainer.nn.classifier import CamNetwork
from trainer.nn.encoders import Encoder
from trainer.nn.ficklenet import FickleNetwork
from trainer.nn.icd import IcdNetwork
from trainer.nn.seam import SeamNetwork
from trainer.nn.seenet import SeeNetwork


def _linear(encoder: Encoder, class_count: int, config: ClassifyConfig) -> CamNetwork:
    return CamNetwork(encoder, class_count, batch_statistics=config.batch_statistics)


NETWORKS: Mapping[ClassifyMethod, Callable[[Encoder, int, ClassifyConfig], CamNetwork]] = {
    "puzzle": _linear,
    "plain": _linear,
    "seam": SeamNetwork,
    "seenet": SeeNetwork,
    "ficklenet": FickleNetwork,
    "icd": IcdNetwork,
}
"""The network of each method."""


def build_classifier(encoder: Encoder, class_count: int, config: ClassifyConfig) -> CamNetwork:
    """The network of `config.method` with a random head.

    Args:
        encoder: the backbone.
        class_count: K, background not counted.
        config: method, its parts, and the statistics of the backbone.
    """
    return NETWORKS[config.method](encoder, class_count, config)
