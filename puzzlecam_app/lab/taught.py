"""The live model as the Lab shows it: a dataset's proposal model, and what accepted masks have taught."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from puzzlecam_app.items import ItemFacts
from trainer.live.features import CellFeatures
from trainer.live.grid import cell_means, spread_to_grid
from trainer.live.model import SHARPNESS, Knowledge
from trainer.models.proposal import ProposalModel
from trainer.run.map_storage import Maps

FeaturesOf = Callable[[ItemFacts], CellFeatures]


class Taught(NamedTuple):
    """What the live model makes of the maps of T tags.

    Attributes:
        learned_thw: float32 (T, h, w) in [0, 1], what was learned alone: it raises the map above 0.5 and
            lowers it below.
        live_thw: float32 (T, h, w) in [0, 1], the combined maps.
    """

    learned_thw: Maps
    live_thw: Maps


class TaughtModel(ProposalModel):
    """Makes masks as its prior does, from maps that are combined with what was learned.

    Attributes:
        prior: The proposal model of the dataset; its random walk belongs to it.
        knowledge: What was learned.
    """

    def __init__(self, prior: ProposalModel, knowledge: Knowledge, features_of: FeaturesOf) -> None:
        """Put a model together; `features_of` returns the features of a picture."""
        super().__init__(prior.sources, prior.refinement, loss=prior.loss)
        self.prior = prior
        self.knowledge = knowledge
        self._features_of = features_of

    def identity_of(self, class_names: Sequence[str]) -> str:
        """As for any model; it also changes with everything that is learned."""
        return f"{self.prior.identity_of(class_names)}+live-{self.knowledge.identity}"

    def teach(self, item: ItemFacts, prior_thw: Maps) -> Taught:
        """Combine the prior's maps of a picture, float32 (T, h, w) in [0, 1], with what was learned."""
        features = self._features_of(item)
        size, grid_size = features.limited_size, (prior_thw.shape[1], prior_thw.shape[2])
        rows, columns, _ = features.values_hwd.shape
        learned = self.knowledge.learned(features, cell_means(prior_thw, size), item.tags)
        scores = spread_to_grid(learned.reshape(rows, columns, len(item.tags)), size, grid_size)
        shown = 1 / (1 + np.exp(-np.float32(SHARPNESS) * scores))
        return Taught(shown.astype(np.float32), self.knowledge.maps(features, prior_thw, item.tags))
