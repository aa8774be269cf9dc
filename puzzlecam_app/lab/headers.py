"""JSON headers of the Lab's framed answers: facts about the arrays of a picture."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from puzzlecam_app.bounds import Bounds
from trainer.classify_config import PuzzleLossConfig
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
    log2_steps: int = Field(description="Base-2 logarithm of the number of steps")


class WalkIn(BaseModel):
    """Reach and length of a random walk that a person asks for; the bounds keep it quick."""

    model_config = ConfigDict(extra="forbid")

    beta: float = Field(ge=1, le=64)
    radius: int = Field(ge=2, le=10)
    log2_steps: int = Field(ge=0, le=12)


class ModelFacts(_Facts):
    """A model, its settings, and a sentence for each part that it lacks."""

    identity: str
    title: str
    is_trained: bool
    threshold: float = Field(description="Background threshold, 0 to 1")
    scales: list[float]
    flip: bool = Field(description="Whether the mirrored picture is used too")
    max_side: int = Field(description="Larger pictures are scaled down to this longer side, in pixels")
    tiles_per_side: int
    affinity_power: float = Field(description="0: the CAMs are not spread over cells with similar features")
    shares: list[float] = Field(description="Weight of each classifier in the CAM")
    crf: CrfConfig | None = Field(description="Null if the model makes masks without the dense CRF")
    min_piece_share: float = Field(
        description="Pieces of the mask below this share of the picture go to what surrounds them"
    )
    crf_constants: CrfConfig = Field(description="Constants for the dense CRF when it is turned on")
    crf_bounds: dict[str, Bounds] = Field(description="Bounds of each constant, by name")
    no_crf: str | None = Field(description="Why the dense CRF cannot be used; null if it can")
    walk: WalkFacts | None
    walk_bounds: dict[str, Bounds] = Field(description="Bounds of what may be asked for, by name")
    walk_background: bool = Field(description="Whether the random walk includes the background")
    no_walk: str | None = Field(description="Why there is no random walk; null if there is one")


class ClassFacts(_Facts):
    """A class whose maps are in the answer."""

    index: int
    name: str
    color: str = Field(description="#rrggbb")
    tagged: bool
    weak: bool = Field(
        description="Whether its map is only a hint: the classifier does not know it, and accepted masks "
        "have not shown that what they taught helps"
    )
    seen_as: str = Field(description="A sentence about how the classifier recognises it")
    logit: float = Field(description="Mean of equation 1 at scale 1 over the picture (equation 2)")
    maximum: float = Field(description="Largest sum of positive parts over scales and views")


class ReferenceFacts(_Facts):
    """A reference mask."""

    kind: Literal["ground-truth", "accepted"]
    title: str


class StepsHeader(_Facts):
    """Header of the answer with every step to the maps of a picture."""

    item: PictureFacts
    model: ModelFacts
    classes: list[ClassFacts] = Field(
        description="Tags first, then classes without a tag, highest logit first"
    )
    others: int = Field(description="Number of classes without a tag whose maps were computed")
    references: list[ReferenceFacts] = Field(description="One for each array reference_0, reference_1, ...")


class FirstHeader(_Facts):
    """Header of the first maps of a picture; it is empty."""


class ExplanationsHeader(_Facts):
    """Header of the other views of a picture's classes."""

    none: str | None = Field(description="Why the answer has no arrays; null if it has them")


class ClassLossFacts(_Facts):
    """What one class adds to the losses of a picture."""

    name: str
    is_tagged: bool
    whole_logit: float = Field(description="Mean of its whole map")
    tiled_logit: float = Field(description="Mean of its tiled map")
    classification: float = Field(description="Equation 4 for this class, whole map")
    tile_classification: float = Field(description="Equation 4 for this class, tiled map")


class LossFacts(_Facts):
    """Equation 7 for one picture."""

    classification: float = Field(description="L_cls")
    tile_classification: float = Field(description="L_p-cls")
    reconstruction: float = Field(description="L_re")
    alpha: float = Field(description="Weight of L_re")
    total: float = Field(description="Sum of the terms that the settings turn on")
    classes: list[ClassLossFacts]


class PuzzleHeader(_Facts):
    """Header of the whole and tiled maps of a picture."""

    tiles: int = Field(description="n of the n x n tiles")
    cells_share: tuple[float, float] = Field(
        description="Height and width of the padded picture as shares of the picture, at least 1"
    )
    tile_share: tuple[float, float] = Field(description="Height and width of a tile as shares of the picture")
    disagreement: list[float] = Field(description="Disagreement of whole and tiled map for each tag, 0 to 1")
    loss: LossFacts | None
    loss_settings: PuzzleLossConfig | None = Field(description="Null if the model was not trained")
    no_loss: str | None = Field(description="Why there is no loss; null if there is one")


class MaskFacts(_Facts):
    """All settings with which a mask was made."""

    threshold: float
    crf: CrfConfig | None = Field(description="Null: without the dense CRF")
    walk: WalkFacts | None = Field(description="Null: without a random walk")


class MaskHeader(_Facts):
    """Header of a mask made with other settings."""

    settings: MaskFacts
    is_draft: bool = Field(description="Whether the CRF ran at half the size with few iterations")


class SideHeader(_Facts):
    """Header of one side of a comparison."""

    key: str = Field(description="Key of the model, as `/lab/models` lists it")
    identity: str
    threshold: float
    uses_crf: bool
    note: str | None = Field(description="How the maps were made, if not as usual")
    logits: list[float] | None = Field(description="Logits of the tags; null for an epoch of a film")


class ExportedSettings(_Facts):
    """The JSON text `settings` in an export of arrays."""

    item: PictureFacts
    model: ModelFacts
    classes: list[ClassFacts]
    puzzle: PuzzleHeader
    mask: MaskFacts
