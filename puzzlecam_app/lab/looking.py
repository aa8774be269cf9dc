"""Computes what the Lab shows of one picture: every step to its maps, and its whole and tiled maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.items import ItemFacts

if TYPE_CHECKING:  # torch is imported when the first picture is computed
    from trainer.cams.explanations import Explanations
    from trainer.cams.inspection import CamSteps, PuzzleLook
    from trainer.models.proposal import ProposalModel

MOST_OTHERS = 200
"""The most classes without a tag whose maps are computed; of a longer list the first ones."""


@dataclass(frozen=True, eq=False)
class PictureLook:
    """The maps of a picture and every step that led to them.

    Attributes:
        item: The picture, with its T tags.
        load_image: Returns the upright picture, uint8 (H, W, 3); called once, when a mask is made.
        steps: See `trainer.cams.inspection.CamSteps`.
        others: Indices of the O classes without a tag, in the order of the steps.
        self_trained_thw: Maps of the run's pixel classifier, float32 in [0, 1]; None if the model has none.
        edges_hw: AffinityNet's edge map, float32 in [0, 1]; None if the model has no random walk.
        walked_thw: The maps after the random walk, float32 in [0, 1]; None if the model has none.
        learned_thw: See `puzzlecam_app.lab.taught.Taught`; None for all models but the live one.
        live_thw: The maps combined with what was learned, float32 in [0, 1]; likewise.
    """

    item: ItemFacts
    load_image: Callable[[], NDArray[np.uint8]]
    steps: CamSteps
    others: tuple[int, ...]
    self_trained_thw: NDArray[np.float32] | None
    edges_hw: NDArray[np.float32] | None
    walked_thw: NDArray[np.float32] | None
    learned_thw: NDArray[np.float32] | None = None
    live_thw: NDArray[np.float32] | None = None

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """The upright picture, uint8 (H, W, 3)."""
        return self.load_image()

    @property
    def seeds_thw(self) -> NDArray[np.float32]:
        """The maps that the random walk starts from."""
        return self.steps.cams_thw if self.self_trained_thw is None else self.self_trained_thw

    @property
    def final_thw(self) -> NDArray[np.float32]:
        """The maps that the mask is made from."""
        if self.live_thw is not None:
            return self.live_thw
        return self.seeds_thw if self.walked_thw is None else self.walked_thw


def look(
    model: ProposalModel,
    item: ItemFacts,
    image: NDArray[np.uint8],
    on_first: Callable[[NDArray[np.float32]], None] | None = None,
) -> PictureLook:
    """Compute the maps of a tagged picture and keep every step; `on_first` as in `cam_steps`."""
    from puzzlecam_app.lab.taught import TaughtModel
    from trainer.cams.inspection import cam_steps

    if isinstance(model, TaughtModel):
        before = look(model.prior, item, image, on_first)
        made = model.teach(item, before.final_thw)
        return replace(before, learned_thw=made.learned_thw, live_thw=made.live_thw)
    others = tuple(index for index in item.class_names if index not in item.tags)[:MOST_OTHERS]
    other_names = [item.class_names[index] for index in others]
    steps = cam_steps(model.sources, image, item.tag_names, other_names, on_first)
    grid_size = (steps.cams_thw.shape[1], steps.cams_thw.shape[2])
    taught = model.self_trained
    maps = taught.maps(image, steps.cams_thw, item.tag_names) if taught else None
    edges = model.edges(image, grid_size)
    walked = None
    if model.walk is not None and edges is not None:
        walked = model.walk.maps(image, steps.cams_thw if maps is None else maps, edges)
    return PictureLook(item, lambda: image, steps, others, maps, edges, walked)


def puzzle(
    model: ProposalModel, item: ItemFacts, image: NDArray[np.uint8], tiles_per_side: int
) -> PuzzleLook:
    """Compute the whole and tiled maps of a tagged picture, with `tiles_per_side` squared tiles."""
    from trainer.cams.inspection import puzzle_look

    others = [name for index, name in item.class_names.items() if index not in item.tags][:MOST_OTHERS]
    config = model.sources.config.model_copy(update={"tiles_per_side": tiles_per_side})
    return puzzle_look(model.sources.first, image, item.tag_names, others, config, model.loss)


def explanations(model: ProposalModel, item: ItemFacts, image: NDArray[np.uint8]) -> Explanations | str:
    """Compute other views of a tagged picture than the CAM, or say in a sentence why there are none."""
    from trainer.cams.explanations import explain

    sources = model.sources
    found = explain(sources.first, image, item.tag_names, sources.config)
    if found is not None:
        return found
    return (
        f"The classifier {sources.first.identity} gives no gradients, so there is only its own map. Choose "
        "the zero-shot model of ImageNet or a run under Model."
    )
