"""The settings of the classifier: which method trains it, and the loss and parts of each method."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from trainer.settings import Settings, later_field, machine_field
from trainer.training_config import BatchSize, Epochs, TrainingConfig, View, ViewConfig

ClassifyMethod = Literal["puzzle", "plain", "seam", "seenet", "ficklenet", "icd"]
"""How the classifier is trained, and what makes its maps (`trainer.nn.methods`)."""


class PuzzleLossConfig(Settings):
    """The loss of equation 7: L = L_cls + L_p-cls + alpha L_re, term by term."""

    logit_offset: float = Field(
        default=0.0,
        le=0,
        description="Added to the pooled map of every class before the classification losses; 0 in the "
        "paper. A picture lacks most classes, and a classifier without bias can only express that with maps "
        "that are negative everywhere; the log odds of a tag (-3 for one class in twenty) do it instead.",
    )
    tile_classification: bool = Field(default=True, description="L_p-cls: also classify the merged tiles.")
    reconstruction: bool = Field(
        default=True, description="L_re: make the maps of the whole picture and of its tiles agree."
    )
    tiles_per_side: int = Field(
        default=2, ge=2, le=4, description="Tiles along each side: n for a puzzle of n x n tiles."
    )
    alpha: float = Field(default=4.0, ge=0, description="Final weight of L_re.")
    alpha_ramp: float = Field(
        default=0.5, ge=0, le=1, description="Share of the training in which alpha rises linearly from 0."
    )
    level: Literal["feature", "cam"] = Field(
        default="feature",
        description="What L_re compares: 'feature' raw maps, as the authors trained, or 'cam' maps divided "
        "by their maximum, as equation 6 says.",
    )
    distance: Literal["l1", "l2"] = Field(
        default="l1", description="Distance in L_re: absolute (l1) or squared (l2) difference."
    )
    classes: Literal["masked", "selected", "all"] = Field(
        default="masked",
        description="Classes that L_re compares: 'masked' the tagged ones, averaged over all classes; "
        "'selected' the tagged ones, averaged over these alone; 'all' every class.",
    )
    detach: Literal["none", "whole", "tiled"] = Field(
        default="none", description="Side of L_re that is a fixed target and gets no gradient."
    )


class SeamConfig(Settings):
    """SEAM (Wang et al., CVPR 2020); used if classify.method is seam."""

    rescale: float = later_field(0.3, gt=0, lt=1, description="Scale of the second view of each picture.")
    top_share: float = later_field(
        0.2, gt=0, le=1, description="Share of the cells, those that differ most, that the cross loss counts."
    )
    dropout: float = later_field(
        0.5,
        ge=0,
        lt=1,
        description="Share of the feature channels that training drops.",
    )


class FickleConfig(Settings):
    """FickleNet (Lee et al., CVPR 2019); used if classify.method is ficklenet."""

    window: int = later_field(
        5,
        ge=3,
        le=15,
        description="Side of the classifier's window in cells, odd. At 16 pixels per cell 5 spans what the "
        "authors' 9 span at 8.",
    )
    dropped: float = later_field(
        0.9, ge=0, lt=1, description="Share of the cells that a window does not see; it sees its centre."
    )
    maps: int = later_field(
        200, ge=1, le=1000, description="Random maps of a view of a picture that are put together."
    )
    threshold: float = later_field(
        0.35,
        ge=0,
        le=1,
        description="Where the maps of several classes exceed this, the cell belongs to the class whose "
        "random maps are highest on average.",
    )

    @field_validator("window")
    @classmethod
    def _has_a_centre(cls, window: int) -> int:
        if window % 2 == 0:
            raise ValueError(f"a window of {window} cells has no centre; take {window - 1} or {window + 1}")
        return window


class SeeConfig(Settings):
    """SeeNet (Hou et al., NeurIPS 2018); used if classify.method is seenet."""

    object_threshold: float = later_field(
        0.7, gt=0, le=1, description="Cells where the first branch's map reaches this are sure object."
    )
    background_threshold: float = later_field(
        0.05,
        ge=0,
        lt=1,
        description="Cells where it is below this are sure background; 0 leaves only the erasing of objects.",
    )
    width: int = later_field(
        128,
        ge=8,
        le=1024,
        description="Channels of the two 3x3 convolutions of a branch; 512 in the paper.",
    )
    dropout: float = later_field(0.5, ge=0, lt=1, description="Share of these channels that training drops.")

    @model_validator(mode="after")
    def _thresholds_ordered(self) -> Self:
        if self.background_threshold >= self.object_threshold:
            raise ValueError(
                f"background_threshold {self.background_threshold} must be below object_threshold "
                f"{self.object_threshold}"
            )
        return self


class IcdConfig(Settings):
    """ICD (Fan et al., CVPR 2020); used if classify.method is icd."""

    superpixels: int = later_field(
        150,
        ge=2,
        le=250,
        description="Superpixels of a picture at most: the smallest has one part in so many of its area.",
    )
    least_score: float = later_field(
        0.2,
        ge=0,
        lt=1,
        description="A superpixel is on one side of a class's direction for sure if its score exceeds this "
        "share of the picture's largest score.",
    )
    warm_up: float = later_field(
        0.1, ge=0, le=1, description="Share of the training in which the weight of this loss rises."
    )
    width: int = later_field(
        128, ge=8, le=1024, description="Channels of the convolutions of the top-down branch."
    )


class ClassifyConfig(TrainingConfig):
    """Stage 1: the classifier that gives the CAMs (paper sections 3.2 to 3.4)."""

    method: ClassifyMethod = later_field(
        "puzzle",
        description="How the classifier is trained. "
        "puzzle: Puzzle-CAM. The maps of a picture and of its tiles must agree, so that they cover the whole "
        "object. "
        "plain: only the tags are learned. The maps of all other methods are measured against these. "
        "seam: SEAM (2020). The maps of a picture must scale with it, and cells are compared by learned "
        "features, by which the maps are spread. "
        "seenet: SeeNet (2018). A second classifier looks for the rest of the object where the first is "
        "unsure, and a third learns that background has no class. "
        "ficklenet: FickleNet (2019). The classifier sees a random part of each window, and the maps of many "
        "random parts are put together. "
        "icd: ICD (2020). Each class learns what tells object from surroundings inside its own pictures. It "
        "needs pictures that have one tag alone.",
    )
    epochs: Epochs = 15
    batch_size: BatchSize = 32
    output_stride: Literal[8, 16, 32] = Field(default=16, description="Picture pixels per feature cell.")
    head_init: Literal["random", "imagenet"] = Field(
        default="random",
        description="Initial weights of the new classifier: random, or for each class the mean of its "
        "ImageNet rows minus the mean of all rows.",
    )
    keep_epochs: bool = machine_field(
        False,
        description="Keep a copy of the classifier after each epoch, to compare epochs in the Lab; each copy "
        "takes the disk space of one network.",
    )
    view: View = Field(default_factory=ViewConfig)
    loss: PuzzleLossConfig = Field(default_factory=PuzzleLossConfig, description="Terms of the loss.")
    seam: SeamConfig = later_field(SeamConfig(), description="Settings of method seam.")
    seenet: SeeConfig = later_field(SeeConfig(), description="Settings of method seenet.")
    ficklenet: FickleConfig = later_field(FickleConfig(), description="Settings of method ficklenet.")
    icd: IcdConfig = later_field(IcdConfig(), description="Settings of method icd.")

    @property
    def method_loss(self) -> PuzzleLossConfig:
        """The terms of equation 7 that the method uses: without tiles, except for Puzzle-CAM."""
        if self.method == "puzzle":
            return self.loss
        return self.loss.model_copy(update={"tile_classification": False, "reconstruction": False})

    @property
    def method_settings(self) -> dict[str, Any]:
        """The settings that its method alone has, as JSON values by the name of their group."""
        own = getattr(self, self.method, None)
        return {self.method: own.model_dump(mode="json")} if isinstance(own, Settings) else {}
