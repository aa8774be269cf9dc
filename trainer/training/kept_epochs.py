"""Copies of the classifier after each epoch, so that epochs can be compared."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trainer.cams.trained import save_classifier
from trainer.config import Recipe
from trainer.nn.classifier import CamNetwork
from trainer.run.directory import RunDir

_NAME = re.compile(r"epoch-(\d{4,})\.safetensors")


class KeptEpochs:
    """Stores the classifier after each epoch; with `classify.keep_epochs` off it does nothing.

    It stores the optimiser's weights; a moving average replaces them only at the end of the training.
    """

    def __init__(
        self, network: CamNetwork, recipe: Recipe, class_names: Sequence[str], run_dir: RunDir
    ) -> None:
        self._network = network
        self._recipe = recipe
        self._class_names = tuple(class_names)
        self._run_dir = run_dir

    def keep_start(self) -> None:
        """Store the network before the first step, unless a resumed training has done so already."""
        if not self._run_dir.epoch_path(0).is_file():
            self.keep(0)

    def keep(self, epoch: int) -> None:
        """Store the network after `epoch` epochs."""
        if self._recipe.classify.keep_epochs:
            save_classifier(self._run_dir.epoch_path(epoch), self._network, self._recipe, self._class_names)


def kept_epochs(run_dir: RunDir) -> tuple[int, ...]:
    """The epochs that were kept, ascending; 0 is before the first step."""
    folder = run_dir.epoch_path(0).parent
    if not folder.is_dir():
        return ()
    found = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return tuple(sorted(int(match[1]) for match in found if match))
