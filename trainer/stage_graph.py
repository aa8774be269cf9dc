"""Which stage depends on which, and whether stored outputs belong to the settings of now."""

from __future__ import annotations

import hashlib
import importlib
import json
from typing import Any, cast

from trainer.config import Recipe
from trainer.data.dataset import TaggedDataset
from trainer.errors import TrainerUsageError
from trainer.run.directory import RunDir
from trainer.settings import Settings
from trainer.stages.stage import Stage

_READ_NO_MASKS = {"cams", "refine"}
"""Stages that accepted masks reach only through the stages before them."""


class StageGraph:
    """Keys of the stages of one recipe on one dataset.

    A key is a hash of everything that decides a stage's outputs: its settings and version, seed and backbone,
    the pictures, the masks that people accepted where it reads them, and the keys of its inputs. Equal keys
    mean that stored outputs can be kept.
    """

    def __init__(self, recipe: Recipe, dataset: TaggedDataset, directory: RunDir) -> None:
        self._recipe = recipe
        self._dataset = dataset.identity
        self._with_accepted = dataset.fingerprint
        self._has_accepted = bool(dataset.accepted)
        self._directory = directory

    def stage(self, name: str) -> Stage:
        """The module of a stage."""
        return cast(Stage, importlib.import_module(f"trainer.stages.{name}"))

    def settings(self, name: str) -> dict[str, Any]:
        """The recipe's settings that decide a stage's own work, as JSON values."""
        own = getattr(self._recipe, name)
        if not isinstance(own, Settings):
            raise TypeError(f"The recipe has no settings of a stage {name!r}.")
        return own.result_settings()

    def key(self, name: str) -> str:
        """Key of a stage's outputs under these settings, whether or not it has run."""
        stage = self.stage(name)
        parts = {
            "stage": name,
            "version": stage.VERSION,
            "settings": self.settings(name),
            "backbone": self._recipe.backbone.result_settings(),
            "seed": self._recipe.seed,
            "deterministic": self._recipe.deterministic,
            "dataset": self._dataset,
            "needs": {need: self.key(need) for need in stage.NEEDS},
            "uses": {use: self.key(use) for use in self._finished(stage.USES)},
            **self._accepted(name),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def inputs(self, name: str) -> dict[str, str]:
        """Keys of the inputs of a stage that are there.

        Raises:
            TrainerUsageError: one that it needs has not finished with these settings.
        """
        stage = self.stage(name)
        for need in stage.NEEDS:
            if not self._directory.is_done(need, self.key(need)):
                raise TrainerUsageError(
                    f"Stage {name} needs {need}, which has not finished in {self._directory.path} with these "
                    f"settings; run it too (--stages {need},{name})."
                )
        return {used: self.key(used) for used in (*stage.NEEDS, *self._finished(stage.USES))}

    def _accepted(self, name: str) -> dict[str, Any]:
        """The part of a key that accepted masks decide; without any, keys are those of the tags alone."""
        weight = self._recipe.accepted_pixel_weight
        if not self._has_accepted or name in _READ_NO_MASKS or (name == "classify" and weight == 0):
            return {}
        if name == "pixels":
            return {"accepted_repeat": self._recipe.pixels.accepted_repeat}
        return {"accepted": self._with_accepted, **({"pixel_weight": weight} if name == "classify" else {})}

    def _finished(self, names: tuple[str, ...]) -> list[str]:
        return [
            name
            for name in names
            if self._directory.record(name) and self._directory.is_done(name, self.key(name))
        ]
