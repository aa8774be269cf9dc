"""Requests to refine a mask, with their seeds, and the steps that are stored with the mask."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:  # it imports OpenCV, for which `dataset list` need not wait
    from trainer.interactive.seeds import Seed

MAX_SEEDS = 500
MAX_POINTS = 2000
MAX_RUNS = 200_000

Label = Annotated[int, Field(ge=0, le=254, description="0 for background, else a class index")]
Coordinate = Annotated[int, Field(ge=0, lt=2**31)]
MaskHash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
"""Name of a mask in the mask store."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Seed(_Frozen):
    label: Label
    at: datetime | None = Field(default=None, description="When it was set, by the browser's clock")


class ClickSeed(_Seed):
    """The object at this pixel is of this class."""

    kind: Literal["click"]
    y: Coordinate
    x: Coordinate

    def seed(self) -> Seed:
        from trainer.interactive.seeds import Click

        return Click(self.y, self.x, self.label)


class ScribbleSeed(_Seed):
    """The objects along this line are of this class."""

    kind: Literal["scribble"]
    points: tuple[tuple[Coordinate, Coordinate], ...] = Field(
        min_length=1, max_length=MAX_POINTS, description="Points (y, x)"
    )

    def seed(self) -> Seed:
        from trainer.interactive.seeds import Scribble

        return Scribble(self.points, self.label)


class BoxSeed(_Seed):
    """One object of this class fills this rectangle; a box of background is empty."""

    kind: Literal["box"]
    top: Coordinate
    left: Coordinate
    bottom: Coordinate = Field(description="First row below the box")
    right: Coordinate = Field(description="First column to the right of the box")

    def seed(self) -> Seed:
        from trainer.interactive.seeds import Box

        return Box(self.top, self.left, self.bottom, self.right, self.label)


AnySeed = Annotated[ClickSeed | ScribbleSeed | BoxSeed, Field(discriminator="kind")]


class RefineRequest(_Frozen):
    """How a mask is to be refined, given the mask as it was before the first seed."""

    seeds: tuple[AnySeed, ...] = Field(
        max_length=MAX_SEEDS, description="All seeds of the correction in order"
    )
    locked_classes: tuple[Annotated[int, Field(ge=0, le=255)], ...] = Field(
        default=(), max_length=256, description="Pixels of these classes stay as they are"
    )
    only_background: bool = Field(
        default=False, description="Pixels of a class may change to background, but not to another class"
    )
    protected: tuple[Coordinate, ...] = Field(
        default=(),
        max_length=MAX_RUNS,
        description="Pixels that stay as they are: lengths of runs, row by row, of free and protected pixels "
        "in turn; all pixels after the last run are free",
    )
    heatmap: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Start from the heatmaps at this threshold instead of from the mask",
    )

    def protected_hw(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Protected pixels, bool (H, W). Raises ValueError if the runs are longer than the picture."""
        pixels = size[0] * size[1]
        if sum(self.protected) > pixels:
            raise ValueError(f"the protected runs are longer than the {pixels} pixels of the picture")
        runs = [*self.protected, pixels - sum(self.protected)]
        is_protected = np.arange(len(runs)) % 2 == 1
        is_protected[-1] = False
        return np.repeat(is_protected, runs).reshape(size)


class RefineIn(RefineRequest):
    """A request, and which browser tab it comes from."""

    client: str = Field(
        default="",
        max_length=64,
        description="Any name of the tab: its newer request replaces an unfinished older one",
    )


class Step(RefineRequest):
    """One change that the engine made, with everything that is needed to repeat it."""

    engine: str = Field(max_length=64, description="Name and version of the engine")
    prior: MaskHash = Field(description="The mask before the first seed")
    result: MaskHash = Field(description="The refined mask")
    maps: str | None = Field(max_length=512, description="Identity of the heatmaps that were used")
    edges: str | None = Field(max_length=512, description="Identity of the model whose edge map was used")

    def stored(self) -> dict[str, Any]:
        """The step as JSON values for the database; fields with their default are left out."""
        return self.model_dump(mode="json", exclude_defaults=True)
