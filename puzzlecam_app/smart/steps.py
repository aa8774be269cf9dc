"""What a person tells the interactive engine, and what is kept of it: seeds, conditions, steps."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:  # it brings OpenCV, which `dataset list` does not wait for
    from trainer.interactive.seeds import Seed

MAX_SEEDS = 500
MAX_POINTS = 2000
MAX_RUNS = 200_000

Label = Annotated[int, Field(ge=0, le=254, description="0 for background, else a class index")]
Coordinate = Annotated[int, Field(ge=0, lt=2**31)]
MaskHash = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="Name of a mask in the mask store")]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Placed(_Said):
    label: Label
    at: datetime | None = Field(default=None, description="When it was set, by the clock of the browser")


class ClickSeed(_Placed):
    """This pixel is of this class."""

    kind: Literal["click"]
    y: Coordinate
    x: Coordinate

    def seed(self) -> Seed:
        from trainer.interactive.seeds import Click

        return Click(self.y, self.x, self.label)


class ScribbleSeed(_Placed):
    """The pixels along this line are of this class."""

    kind: Literal["scribble"]
    points: tuple[tuple[Coordinate, Coordinate], ...] = Field(
        min_length=1, max_length=MAX_POINTS, description="Places (y, x)"
    )

    def seed(self) -> Seed:
        from trainer.interactive.seeds import Scribble

        return Scribble(self.points, self.label)


class BoxSeed(_Placed):
    """An object of this class fills this rectangle; of background: nothing is in it."""

    kind: Literal["box"]
    top: Coordinate
    left: Coordinate
    bottom: Coordinate = Field(description="First row below")
    right: Coordinate = Field(description="First column to the right")

    def seed(self) -> Seed:
        from trainer.interactive.seeds import Box

        return Box(self.top, self.left, self.bottom, self.right, self.label)


AnySeed = Annotated[ClickSeed | ScribbleSeed | BoxSeed, Field(discriminator="kind")]


class Wish(_Said):
    """What the mask is to become, given the mask as it was before the first seed."""

    seeds: tuple[AnySeed, ...] = Field(max_length=MAX_SEEDS, description="All of the correction, in order")
    locked_classes: tuple[Annotated[int, Field(ge=0, le=255)], ...] = Field(
        default=(), max_length=256, description="Pixels of these classes stay"
    )
    only_background: bool = Field(
        default=False, description="Pixels of a class may become background, but no other class"
    )
    protected: tuple[Coordinate, ...] = Field(
        default=(),
        max_length=MAX_RUNS,
        description="Pixels that stay, row by row: lengths of runs, in turn free and protected; what "
        "follows the last run is free",
    )
    heatmap: float | None = Field(
        default=None, ge=0, le=1, description="Start from the heatmaps above this instead of from the mask"
    )

    def protected_hw(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """bool (H, W). Raises ValueError where the runs are longer than the picture."""
        pixels = size[0] * size[1]
        if sum(self.protected) > pixels:
            raise ValueError(f"the protected runs are longer than the {pixels} pixels of the picture")
        runs = [*self.protected, pixels - sum(self.protected)]
        is_protected = np.arange(len(runs)) % 2 == 1
        is_protected[-1] = False
        return np.repeat(is_protected, runs).reshape(size)


class RefineIn(Wish):
    """A wish and who has it."""

    client: str = Field(
        default="",
        max_length=64,
        description="Any name of the tab that asks: its newer request replaces an unfinished older one",
    )


class Step(Wish):
    """One answer of the engine, with all that it takes to get it again."""

    engine: str = Field(max_length=64, description="Name and version of the engine")
    prior: MaskHash
    result: MaskHash
    maps: str | None = Field(max_length=512, description="Identity of the heatmaps that took part")
    edges: str | None = Field(max_length=512, description="Identity of the model whose edges took part")

    def stored(self) -> dict[str, Any]:
        """As the database keeps it."""
        return self.model_dump(mode="json", exclude_defaults=True)
