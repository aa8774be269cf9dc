"""JSON headers of the Lab's framed answers: what is said beside the arrays of a picture."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trainer.config import PuzzleLossConfig
from trainer.masks.crf import CrfConfig


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True)


class PictureFacts(_Facts):
    """The picture itself."""

    id: int
    name: str
    width: int = Field(description="Pixels, upright")
    height: int = Field(description="Pixels, upright")


class WalkFacts(_Facts):
    """Settings of the random walk."""

    beta: float = Field(description="Exponent of the affinities")
    radius: int = Field(description="Reach of a step in cells of the map")
    log2_steps: int = Field(description="The walk takes 2 to the power of this steps")


class ModelFacts(_Facts):
    """A model, its settings, and a sentence for each part that it does not have."""

    identity: str
    title: str
    is_trained: bool
    threshold: float = Field(description="Background threshold, 0 to 1")
    scales: list[float]
    flip: bool = Field(description="Whether the mirror image is looked at too")
    max_side: int = Field(description="Longer side in pixels at which the picture is looked at, at most")
    tiles_per_side: int
    affinity_power: float = Field(description="0: the CAMs are not spread along like features")
    shares: list[float] = Field(description="Weight of each classifier in the CAM")
    crf: CrfConfig | None = Field(description="Null where the model makes masks without the dense CRF")
    crf_constants: CrfConfig = Field(description="What the CRF starts with when it is turned on")
    no_crf: str | None = Field(description="Why the dense CRF cannot be used; null where it can")
    walk: WalkFacts | None
    walk_background: bool = Field(description="Whether the background walks too")
    no_walk: str | None = Field(description="Why there is no random walk; null where there is one")


class ClassFacts(_Facts):
    """A class whose maps are sent."""

    index: int
    name: str
    color: str = Field(description="#rrggbb")
    tagged: bool
    weak: bool = Field(description="Whether the classifier only guesses it from similar classes")
    seen_as: str = Field(description="A sentence on how the classifier recognises it")
    logit: float = Field(description="Mean of equation 1 at scale 1 over the picture (equation 2)")
    maximum: float = Field(description="Largest sum of positive parts over scales and views")


class ReferenceFacts(_Facts):
    """A mask to measure against."""

    kind: Literal["ground-truth", "accepted"]
    title: str


class LookHeader(_Facts):
    """Header of every step to the maps of a picture."""

    item: PictureFacts
    model: ModelFacts
    classes: list[ClassFacts] = Field(description="Tags first, then classes without a tag by falling logit")
    others: int = Field(description="How many classes without a tag were looked at")
    references: list[ReferenceFacts] = Field(description="Of the arrays reference_0, reference_1, ...")


class FirstHeader(_Facts):
    """Header of the first maps of a picture: there is nothing to say of them."""


class ClassLossFacts(_Facts):
    """What one class adds to the losses of a picture."""

    name: str
    is_tagged: bool
    whole_logit: float = Field(description="Mean of its map over the whole picture")
    tiled_logit: float = Field(description="Mean of its map over the merged tiles")
    classification: float = Field(description="Equation 4 of this class, whole picture")
    tile_classification: float = Field(description="Equation 4 of this class, merged tiles")


class LossFacts(_Facts):
    """Equation 7 on one picture."""

    classification: float = Field(description="L_cls")
    tile_classification: float = Field(description="L_p-cls")
    reconstruction: float = Field(description="L_re")
    alpha: float = Field(description="Weight of L_re")
    total: float = Field(description="Sum of the terms that the settings turn on")
    classes: list[ClassLossFacts]


class PuzzleHeader(_Facts):
    """Header of the maps of a whole picture and of its tiles."""

    tiles: int = Field(description="n of the n x n tiles")
    cells_share: tuple[float, float] = Field(
        description="Height and width of the padded picture as shares of the picture, at least 1"
    )
    tile_share: tuple[float, float] = Field(description="Height and width of a tile as shares of the picture")
    disagreement: list[float] = Field(description="Of whole and merged map, for each tag, 0 to 1")
    loss: LossFacts | None
    loss_settings: PuzzleLossConfig | None = Field(description="Null where nothing was trained")
    no_loss: str | None = Field(description="Why there is no loss; null where there is one")


class MaskFacts(_Facts):
    """All settings that a mask was made with."""

    threshold: float
    crf: CrfConfig | None = Field(description="Null: without the dense CRF")
    walk: WalkFacts | None = Field(description="Null: without a random walk")


class MaskHeader(_Facts):
    """Header of a mask made with other settings."""

    settings: MaskFacts
    is_draft: bool = Field(description="Whether the CRF ran at half the size with few iterations")


class SideHeader(_Facts):
    """Header of one side of a comparison."""

    key: str = Field(description="Of the model, as `/lab/models` lists it")
    identity: str
    threshold: float
    uses_crf: bool
    note: str | None = Field(description="How the maps were made, where that differs from the usual way")
    logits: list[float] | None = Field(description="Of the tags; null for a frame of a film")


class ExportedSettings(_Facts):
    """The JSON text `settings` among the arrays that are exported."""

    item: PictureFacts
    model: ModelFacts
    classes: list[ClassFacts]
    puzzle: PuzzleHeader
    mask: MaskFacts
