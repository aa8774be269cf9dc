"""The settings of the classifier: which method trains it, and the loss and parts of each method."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from trainer.settings import Settings, later_field, machine_field
from trainer.training_config import BatchSize, Epochs, TrainingConfig, View, ViewConfig

ClassifyMethod = Literal["puzzle", "plain", "seam"]
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


class ClassifyConfig(TrainingConfig):
    """Stage 1: the classifier that gives the CAMs (paper sections 3.2 to 3.4)."""

    method: ClassifyMethod = later_field(
        "puzzle",
        description="How the classifier is trained. "
        "puzzle: Puzzle-CAM. The maps of a picture and of its tiles must agree, so that they cover the whole "
        "object. "
        "plain: only the tags are learned. The maps of all other methods are measured against these. "
        "seam: SEAM (2020). The maps of a picture must scale with it, and cells are compared by learned "
        "features, by which the maps are spread.",
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
