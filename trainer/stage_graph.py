"""Which stage depends on which, and whether stored outputs belong to the present settings."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Mapping
from typing import Any, cast

from trainer.config import Recipe
from trainer.contract import CAMS, CLASSIFY, SEGMENT, split_round
from trainer.data.dataset import TaggedDataset
from trainer.data.saliency import saliency_fingerprint
from trainer.data.tag_words import TagWords
from trainer.errors import TrainerUsageError
from trainer.run.directory import RunDir
from trainer.settings import Settings
from trainer.stages.stage import Stage


def stage_module(name: str) -> Stage:
    """The stage with a name of `trainer.contract.stages_of`; in the first round it is a module."""
    base, number = split_round(name)
    module = importlib.import_module(f"trainer.stages.{base}")
    return cast(Stage, module if number == 1 else module.in_later_round(number))


class StageGraph:
    """Keys of the stages of one recipe on one dataset.

    A key is a hash of everything that determines a stage's outputs: its settings and version, seed and
    backbone, the pictures, the accepted masks where the stage reads them, and the keys of its inputs. Stored
    outputs with an equal key are kept. Settings that were added later do not change a key as long as they
    have their default, see `trainer.settings`.
    """

    def __init__(self, recipe: Recipe, dataset: TaggedDataset, directory: RunDir) -> None:
        self._recipe = recipe
        self._dataset = dataset.identity
        self._with_accepted = dataset.fingerprint
        self._has_accepted = bool(dataset.accepted)
        self._directory = directory
        self._saliency_maps = saliency_fingerprint(recipe.saliency, dataset.images)
        self._aliased = TagWords(directory.aliases_path).aliased(dataset.class_names)

    def settings(self, name: str) -> dict[str, Any]:
        """The recipe's settings that determine a stage's own work, as JSON values."""
        own = getattr(self._recipe, split_round(name)[0])
        if not isinstance(own, Settings):
            raise TypeError(f"The recipe has no settings of a stage {name!r}.")
        return own.result_settings()

    def key(self, name: str) -> str:
        """Key of a stage's outputs under these settings, whether or not it has run."""
        stage = stage_module(name)
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
            **self._accepted(stage),
            **self._aliases(name),
            **self._saliency(name),
            **self._seeds(name),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def inputs(self, name: str) -> dict[str, str]:
        """Key of each stage whose outputs a stage reads, as far as they are there.

        Raises:
            TrainerUsageError: a stage that it needs has not finished with these settings.
        """
        stage = stage_module(name)
        for need in stage.NEEDS:
            if not self._directory.is_done(need, self.key(need)):
                raise TrainerUsageError(
                    f"Stage {name} needs {need}, which has not finished in {self._directory.path} with these "
                    f"settings; run it too (--stages {need},{name})."
                )
        return {used: self.key(used) for used in (*stage.NEEDS, *self._finished(stage.USES))}

    def _accepted(self, stage: Stage) -> Mapping[str, Any]:
        """Where nobody has accepted a mask, keys depend on the tags alone."""
        return stage.accepted_key(self._recipe, self._with_accepted) if self._has_accepted else {}

    def _aliases(self, name: str) -> Mapping[str, Any]:
        """The zero-shot classifier, and the first weights of the trained one, follow what tags mean."""
        return {"aliases": self._aliased} if self._aliased and name in (CLASSIFY, CAMS) else {}

    def _saliency(self, name: str) -> Mapping[str, Any]:
        return {"saliency": self._saliency_maps} if name in self._recipe.saliency_stages else {}

    def _seeds(self, name: str) -> Mapping[str, Any]:
        """DSRG takes its seeds by thresholds that are settings of another stage."""
        if name != SEGMENT or self._recipe.segment.method != "dsrg":
            return {}
        affinity = self._recipe.affinity
        return {"seeds": [affinity.foreground_threshold, affinity.background_threshold]}

    def _finished(self, names: tuple[str, ...]) -> list[str]:
        return [
            name
            for name in names
            if name in self._recipe.stages
            and self._directory.record(name)
            and self._directory.is_done(name, self.key(name))
        ]
