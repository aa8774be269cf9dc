"""The settings of every stage, and the recipe that holds them together.

All models are frozen and refuse unknown keys. Fields made with `machine_field` say how a machine does the
work; they do not change what comes out, so changing them re-runs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from trainer.settings import Settings, machine_field

RECIPE_VERSION = 1

BatchStatistics = Literal["batch", "frozen", "group"]
DecoderStatistics = Literal["batch", "group"]

ZERO_SHOT_BACKBONES = ("lite0", "lite2")
"""Backbones whose ImageNet classifier is always at hand (`trainer.nn.backbones.BACKBONES`)."""

Precision = Literal["auto", "float32", "bfloat16"]


class BackboneConfig(Settings):
    """The ImageNet network that classifier, AffinityNet and segmentation start from."""

    name: str = Field(
        default="lite0", description="One of trainer.nn.encoders.ENCODERS, e.g. lite0, resnest50."
    )
    weights: Path | None = Field(
        default=None,
        description="State dict (.pth or .safetensors) to start from; without it the packaged one.",
    )
    pretrained: bool = Field(
        default=True, description="False starts from random weights; weights are not read."
    )


class OptimizerConfig(Settings):
    """Polynomial decay and four rates: weights, biases, new weights, new biases."""

    method: Literal["sgd", "adamw"] = Field(
        default="sgd",
        description="SGD as the paper, or AdamW, which teaches new layers in a tenth of the steps.",
    )
    learning_rate: float = Field(
        default=0.1, gt=0, description="Rate of the backbone's weights at the first step."
    )
    momentum: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="Momentum of SGD, or the first beta of AdamW. The 2021 reference trained with 1e-4 by "
        "accident (its weight decay landed in this slot); its rate of 0.1 makes sense only so.",
    )
    nesterov: bool = Field(default=False, description="Nesterov's variant of momentum.")
    weight_decay: float = Field(
        default=1e-4,
        ge=0,
        description="Decay of weights, L2 with SGD and decoupled with AdamW; biases get none.",
    )
    bias_factor: float = Field(default=2.0, gt=0, description="Rate of biases over that of weights.")
    head_factor: float = Field(
        default=10.0, gt=0, description="Rate of new layers over that of the backbone."
    )
    poly_power: float = Field(
        default=0.9, ge=0, description="Rate at progress t in [0, 1] is (1 - t) ** power times the first."
    )


class TrainingConfig(Settings):
    """What every trained network shares."""

    epochs: int = Field(ge=0, description="Passes over the pictures; 0 keeps the network as it starts.")
    batch_size: int = Field(
        ge=1, description="Pictures per optimiser step, all processes and accumulated parts together."
    )
    accumulate: int = Field(
        default=1, ge=1, description="Parts a batch is computed in, one after the other, to save memory."
    )
    optimizer: OptimizerConfig = Field(default_factory=OptimizerConfig, description="Optimiser and schedule.")
    batch_statistics: BatchStatistics = Field(
        default="batch",
        description="Batch normalisation: 'batch' statistics of the step, 'frozen' running ones of the "
        "backbone, or 'group' normalisation in its place, for batches too small for statistics.",
    )
    precision: Precision = Field(
        default="auto",
        description="Arithmetic of forward passes; auto lets trainer.machine.device choose.",
    )
    channels_last: bool = Field(default=True, description="Memory format NHWC, faster for convolutions.")
    ema_decay: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Keep an exponential moving average of the weights and use that.",
    )
    checkpoint_every_steps: int = machine_field(
        200, ge=1, description="Optimiser steps between checkpoints; one is also written after each epoch."
    )
    log_every_steps: int = machine_field(10, ge=1, description="Optimiser steps between step events.")
    workers: int = machine_field(
        0, ge=0, description="Processes that read pictures; 0 reads in the training one."
    )

    @model_validator(mode="after")
    def _batch_divides(self) -> Self:
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"batch_size {self.batch_size} cannot be computed in {self.accumulate} equal parts; "
                "choose accumulate so that it divides batch_size"
            )
        return self


class ViewConfig(Settings):
    """Random view of a picture for training: scale, flip, crop (paper section 4.1)."""

    min_side: int = Field(default=320, ge=1, description="Least length in pixels of the longer side.")
    max_side: int = Field(default=640, ge=1, description="Greatest length in pixels of the longer side.")
    crop: int = Field(
        default=512, ge=16, description="Side in pixels of the square crop, zero-padded if needed."
    )
    flip: bool = Field(default=True, description="Mirror every second picture.")

    @model_validator(mode="after")
    def _sides_ordered(self) -> Self:
        if self.min_side > self.max_side:
            raise ValueError(f"min_side {self.min_side} is greater than max_side {self.max_side}; swap them")
        return self


class PuzzleLossConfig(Settings):
    """The loss of equation 7: L = L_cls + L_p-cls + alpha L_re, term by term."""

    logit_offset: float = Field(
        default=0.0,
        le=0,
        description="Added to every class's pooled map before the classification losses; 0 as in the paper. "
        "Most classes are absent from a picture, and a classifier without bias can say so only by pushing "
        "its maps below zero everywhere; the log odds of a tag (-3 for one class in twenty) say it instead.",
    )
    tile_classification: bool = Field(default=True, description="L_p-cls: classify the merged tiles too.")
    reconstruction: bool = Field(default=True, description="L_re: whole and tiled maps must agree.")
    tiles_per_side: int = Field(default=2, ge=2, le=4, description="n of the n x n tiles.")
    alpha: float = Field(default=4.0, ge=0, description="Final weight of L_re.")
    alpha_ramp: float = Field(
        default=0.5, ge=0, le=1, description="Share of training over which alpha rises linearly from 0."
    )
    level: Literal["feature", "cam"] = Field(
        default="feature",
        description="Compare raw maps as the authors trained, or max-normalised CAMs as equation 6 says.",
    )
    distance: Literal["l1", "l2"] = Field(default="l1", description="Absolute or squared difference.")
    classes: Literal["masked", "selected", "all"] = Field(
        default="masked",
        description="Classes compared: 'masked' those present, averaged over all; 'selected' those present, "
        "averaged over themselves; 'all' every class.",
    )
    detach: Literal["none", "whole", "tiled"] = Field(
        default="none", description="The side of L_re that serves as a fixed target and gets no gradient."
    )


class ClassifyConfig(TrainingConfig):
    """Stage 1: the classifier whose CAMs are looked at (paper sections 3.2 to 3.4)."""

    epochs: int = Field(default=15, ge=0, description=TrainingConfig.model_fields["epochs"].description)
    batch_size: int = Field(
        default=32, ge=1, description=TrainingConfig.model_fields["batch_size"].description
    )
    output_stride: Literal[8, 16, 32] = Field(default=16, description="Picture pixels per feature cell.")
    head_init: Literal["random", "imagenet"] = Field(
        default="random",
        description="First weights of the new classifier: random, or the centred mean of the ImageNet rows "
        "of each class.",
    )
    keep_epochs: bool = machine_field(
        False,
        description="Keep the classifier as it is after each epoch, to compare epochs in the Lab; it takes "
        "the disk of one network an epoch.",
    )
    view: ViewConfig = Field(default_factory=ViewConfig, description="Random views of the pictures.")
    loss: PuzzleLossConfig = Field(default_factory=PuzzleLossConfig, description="Terms of the loss.")


class CamsConfig(Settings):
    """Stage 2: multi-scale CAMs of the training pictures."""

    scales: tuple[float, ...] = Field(
        default=(0.5, 1.0, 1.5, 2.0), min_length=1, description="Picture scales whose maps are summed."
    )
    flip: bool = Field(default=True, description="Also look at the mirrored picture.")
    max_side: int = Field(
        default=512, ge=16, description="Longer side in pixels that counts as scale 1, at most."
    )
    affinity_power: float = Field(
        default=0.0,
        ge=0,
        description="Spread maps over cells with like features, likeness to this power; 0 does not, as in "
        "the paper.",
    )
    zero_shot_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of the zero-shot maps in the mean with those of the trained classifier: 0 is the "
        "paper, 1 leaves the trained one out. Needs a lite backbone.",
    )


class AffinityConfig(TrainingConfig):
    """Stage 3: AffinityNet's edge branch on the frozen backbone (Ahn and Kwak 2018; paper section 4.3)."""

    enabled: bool = Field(default=True, description="False trains nothing and the random walk is left out.")
    epochs: int = Field(default=3, ge=0, description=TrainingConfig.model_fields["epochs"].description)
    batch_size: int = Field(
        default=32, ge=1, description=TrainingConfig.model_fields["batch_size"].description
    )
    foreground_threshold: float = Field(
        default=0.40, ge=0, le=1, description="CAM above this is a confident object after the CRF."
    )
    background_threshold: float = Field(
        default=0.10,
        ge=0,
        le=1,
        description="CAM below this everywhere is confident background after the CRF.",
    )
    crf_iterations: int = Field(default=10, ge=1, description="Mean-field iterations of the label CRF.")
    radius: int = Field(
        default=10, ge=1, description="Reach in feature cells of the pairs that are compared."
    )
    view: ViewConfig = Field(default_factory=ViewConfig, description="Random views of the pictures.")


class PixelsConfig(TrainingConfig):
    """Stage 4: self-training of a pixel classifier on the confident labels, off in the paper's recipes."""

    enabled: bool = Field(
        default=False,
        description="Self-training: a classifier of pixels learns the confident labels of AffinityNet, and "
        "its maps take the place of the CAMs.",
    )
    epochs: int = Field(default=4, ge=0, description=TrainingConfig.model_fields["epochs"].description)
    batch_size: int = Field(
        default=16, ge=1, description=TrainingConfig.model_fields["batch_size"].description
    )
    accepted_repeat: int = Field(
        default=4,
        ge=1,
        le=100,
        description="Times an epoch shows a picture with an accepted mask: exact labels teach more.",
        json_schema_extra={"changes_results": False},  # but with such masks: see trainer.stage_graph
    )
    optimizer: OptimizerConfig = Field(
        default_factory=lambda: OptimizerConfig(method="adamw", learning_rate=0.002, weight_decay=0.01),
        description="Optimiser and schedule.",
    )
    batch_statistics: BatchStatistics = Field(
        default="frozen", description="Of the backbone, which is never trained here."
    )
    view: ViewConfig = Field(
        default_factory=lambda: ViewConfig(min_side=384, max_side=512, crop=448),
        description="Random views of the pictures.",
    )
    scales: tuple[float, ...] = Field(
        default=(0.75, 1.0), min_length=1, description="Picture scales whose probabilities are averaged."
    )
    flip: bool = Field(default=True, description="Also look at the mirrored picture.")
    max_side: int = Field(
        default=512, ge=16, description="Longer side in pixels that counts as scale 1, at most."
    )


class RefineConfig(Settings):
    """Stage 5: random walk and dense CRF, from CAMs to pseudo-labels (paper section 4.3)."""

    use_walk: bool = Field(default=True, description="Spread the CAMs by the random walk.")
    beta: float = Field(default=10.0, gt=0, description="Exponent of the affinities.")
    radius: int = Field(default=5, ge=1, description="Reach of a step in map cells.")
    log2_steps: int = Field(
        default=8, ge=0, le=16, description="The walk takes 2 to the power of this steps."
    )
    walk_background: bool = Field(
        default=False,
        description="Background walks too, and holds its ground against the classes; then 0.5 is even odds.",
    )
    background_threshold: float = Field(
        default=0.35,
        ge=0,
        le=1,
        description="A pixel is background unless some class reaches more than this.",
    )
    use_crf: bool = Field(
        default=True, description="Refine with the dense CRF where its package is installed."
    )
    crf_iterations: int = Field(default=1, ge=1, description="Mean-field iterations of the label CRF.")


class SegmentConfig(TrainingConfig):
    """Stage 6: DeepLabv3+ trained on the pseudo-labels (paper section 4.3)."""

    enabled: bool = Field(default=True, description="False stops after the pseudo-labels.")
    epochs: int = Field(default=50, ge=0, description=TrainingConfig.model_fields["epochs"].description)
    batch_size: int = Field(
        default=32, ge=1, description=TrainingConfig.model_fields["batch_size"].description
    )
    optimizer: OptimizerConfig = Field(
        default_factory=lambda: OptimizerConfig(learning_rate=0.007, weight_decay=4e-5),
        description="Optimiser and schedule.",
    )
    batch_statistics: BatchStatistics = Field(
        default="frozen", description=TrainingConfig.model_fields["batch_statistics"].description
    )
    output_stride: Literal[8, 16] = Field(default=16, description="Picture pixels per feature cell.")
    view: ViewConfig = Field(
        default_factory=lambda: ViewConfig(min_side=256, max_side=1024),
        description="Random views of the pictures.",
    )
    decoder_statistics: DecoderStatistics = Field(
        default="group",
        description="Normalisation of the decoder, which is new: over groups of channels, as the authors "
        "did, or over the batch, which learns faster where the batch is 16 or more.",
    )
    decoder_dropout: float = Field(
        default=0.5, ge=0, lt=1, description="Share of the decoder's pooled values dropped in training."
    )
    encoder: Literal["trained", "frozen"] = Field(
        default="trained",
        description="Train the backbone too, or only the decoder, which takes a third to half of the time.",
    )
    predict_split: str = Field(
        default="val", description="Split whose pictures are segmented after training."
    )
    test_scales: tuple[float, ...] = Field(
        default=(0.5, 1.0, 1.5, 2.0), min_length=1, description="Picture scales whose logits are summed."
    )
    test_max_side: int = Field(
        default=1024, ge=16, description="Longer side in pixels that counts as scale 1, at most."
    )
    test_flip: bool = Field(default=True, description="Also look at the mirrored picture.")
    use_crf: bool = Field(
        default=True, description="Refine predictions with the dense CRF where it is installed."
    )
    crf_iterations: int = Field(default=10, ge=1, description="Mean-field iterations of the CRF.")
    crf_bilateral_sxy_px: float = Field(
        default=80.0, gt=0, description="Reach of the colour kernel in pixels."
    )
    crf_bilateral_srgb: float = Field(
        default=13.0, gt=0, description="Reach of the colour kernel in grey levels."
    )


class EvaluateConfig(Settings):
    """Stage 7: mean IoU against ground truth, where there is any. Never used to choose anything."""

    cam_threshold: float = Field(
        default=0.4, ge=0, le=1, description="Fixed background threshold of the honest CAM figure."
    )
    pixels_threshold: float = Field(
        default=0.5, ge=0, le=1, description="Fixed background threshold of the honest self-training figure."
    )
    walk_threshold: float = Field(
        default=0.35, ge=0, le=1, description="Fixed background threshold of the honest random-walk figure."
    )
    oracle_thresholds: int = Field(
        default=50, ge=1, le=200, description="Thresholds, evenly spread in (0, 1), of the oracle figures."
    )
    crf_oracle_thresholds: tuple[float, ...] = Field(
        default=(),
        description="Thresholds of the oracle figure of the pseudo-labels; each costs a dense CRF a picture.",
    )
    absent_classes: Literal["skip", "zero"] = Field(
        default="skip",
        description="A class in neither truth nor prediction is left out of the mean, or counted as zero "
        "as the 2021 reference does.",
    )


class Recipe(Settings):
    """A whole run: settings of all stages, read from TOML."""

    version: Literal[1] = Field(default=1, description="Version of the recipe format.")
    name: str = Field(min_length=1, description="Name of the recipe.")
    description: str = Field(default="", description="What it is for, and what it needs.")
    seed: int = Field(default=0, ge=0, lt=2**32, description="Repeats a run bit for bit on the same device.")
    backbone: BackboneConfig = Field(default_factory=BackboneConfig, description="The ImageNet network.")
    on_bad_image: Literal["skip", "stop"] = Field(
        default="skip", description="An unreadable picture is left out and counted, or stops the run at once."
    )
    deterministic: bool = Field(
        default=True, description="Use only algorithms that repeat bit for bit, where a device has them."
    )
    use_accepted: bool = Field(
        default=True,
        description="Masks that people accepted are labels of every network, pixel-wise ones of the CAMs.",
    )
    accepted_pixel_weight: float = Field(
        default=1.0,
        ge=0,
        description="Weight of L_pix, that pixel-wise term of the classifier; 0 trains it on tags alone.",
    )
    classify: ClassifyConfig = Field(default_factory=ClassifyConfig, description="The classifier.")
    cams: CamsConfig = Field(default_factory=CamsConfig, description="Its CAMs.")
    affinity: AffinityConfig = Field(default_factory=AffinityConfig, description="AffinityNet.")
    pixels: PixelsConfig = Field(default_factory=PixelsConfig, description="Self-training.")
    refine: RefineConfig = Field(default_factory=RefineConfig, description="Random walk and CRF.")
    segment: SegmentConfig = Field(default_factory=SegmentConfig, description="DeepLabv3+.")
    evaluate: EvaluateConfig = Field(default_factory=EvaluateConfig, description="Measuring.")

    @property
    def self_trains(self) -> bool:
        """Whether the stage pixels is on: it learns from the labels of AffinityNet, so it needs both."""
        return self.pixels.enabled and self.affinity.enabled

    @model_validator(mode="after")
    def _zero_shot_is_possible(self) -> Self:
        if self.cams.zero_shot_share > 0 and self.backbone.name not in ZERO_SHOT_BACKBONES:
            raise ValueError(
                f"cams.zero_shot_share needs the ImageNet classifier of {' or '.join(ZERO_SHOT_BACKBONES)}, "
                f"but the backbone is {self.backbone.name}; set it to 0"
            )
        return self
